/** Foreground probability on the network's grid, row by row; 0 is background, 255 person, above 128 more likely so. */
export interface Mask {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

export interface Segmenter {
  /** The mask of a picture, video, canvas or frame; it covers all of it, whatever its shape. */
  (frame: ImageBitmapSource): Promise<Mask>;
  /** Ends the worker. */
  close(): void;
}

/**
 * Loads a model that pnet-export wrote.
 * @param model its address beside this module, or its bytes; the shipped lite by default
 * @param options.base where worker.js, wasm/ and models/ lie; beside this module by default
 * @throws Error of one line: not there, or no such model
 */
export function load(model?: string | ArrayBuffer, options?: { base?: URL }): Promise<Segmenter>;
