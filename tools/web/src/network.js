// A .tflite file of pnet_tf's contract in LiteRT.js: raw RGB in, one channel of foreground probability out.
import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

let runtime = null;

/** Starts LiteRT's WebAssembly once, with threads where the page may have them. */
export function start(base) {
  runtime ??= (async () => {
    const threads = self.crossOriginIsolated === true;
    const folder = new URL("wasm/", base).href;
    self.Module = {
      // In a worker LiteRT's threads would otherwise be started from the worker's own script.
      mainScriptUrlOrBlob: `${folder}litert_wasm_${threads ? "threaded_" : ""}internal.js`,
      locateFile: (name) => folder + name,
      printErr: () => {}, // it tells of its accelerators, as errors
    };
    await loadLiteRt(folder, { threads });
    return threads;
  })();
  return runtime;
}

const wanted = "this page runs files that pnet-export wrote, with uint8 or float32 ends";

export class Network {
  /** Opens the bytes of a file; throws an Error of one line for anything but pnet_tf's contract. */
  static async open(bytes, name, base) {
    const threads = await start(base);
    let model;
    try {
      model = await loadAndCompile(bytes, { accelerator: "wasm" });
    } catch {
      throw new Error(`${name}: no .tflite file that LiteRT.js runs; ${wanted}`);
    }
    const [input] = model.getInputDetails(), [output] = model.getOutputDetails();
    const shapes = [input, output].map((one) => Array.from(one.shape));
    const fits =
      model.getInputDetails().length === 1 && shapes.every((one) => one.length === 4 && one[0] === 1) &&
      shapes[0][3] === 3 && shapes[1][3] === 1 && shapes[0][1] === shapes[1][1] && shapes[0][2] === shapes[1][2] &&
      input.dtype === output.dtype && ["uint8", "float32"].includes(input.dtype);
    if (!fits) {
      model.delete();
      const told = shapes.map((one, i) => `[${one}] ${[input, output][i].dtype}`).join(" → ");
      throw new Error(`${name}: takes ${told}; ${wanted}`);
    }
    return new Network(model, shapes[0], input.dtype, threads);
  }

  constructor(model, [, height, width], dtype, threads) {
    Object.assign(this, { model, height, width, dtype, threads });
    this.scale = dtype === "uint8" ? 1 / 256 : 1;
  }

  /** RGB bytes of height × width → the answer, bytes or floats, times `scale` a probability. */
  async run(rgb) {
    const values = this.dtype === "uint8" ? rgb : Float32Array.from(rgb);
    const tensor = new Tensor(values, [1, this.height, this.width, 3]);
    const results = await this.model.run(tensor);
    const answer = results[0].toTypedArray().slice();
    for (const one of results) one.delete();
    tensor.delete();
    return answer;
  }

  close() {
    this.model.delete();
  }
}
