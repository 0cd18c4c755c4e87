// The page's worker with MediaPipe's ImageSegmenter in place of LiteRT.js; the same frames, the same drawing.
import { FilesetResolver, ImageSegmenter } from "@mediapipe/tasks-vision";
import { Composer } from "../src/compose.js";

const base = new URL(".", self.location.href);
let segmenter = null, composer = null, look = null, fields = new Float32Array(0);

async function show({ bitmap }) {
  const began = performance.now();
  const result = segmenter.segmentForVideo(bitmap, began);
  const asked = performance.now();
  const mask = result.confidenceMasks[0], { width, height } = mask;
  const probability = mask.getAsFloat32Array();
  if (fields.length !== 2 * probability.length) fields = new Float32Array(2 * probability.length);
  for (let i = 0; i < probability.length; i++) fields[2 * i + 1] = probability[i];
  result.close();
  const masked = performance.now();
  composer.draw(bitmap, fields, width, height, look);
  bitmap.close();
  const done = performance.now();
  return { kind: "shown", ms: { read: 0, network: asked - began, mask: masked - asked, draw: done - masked, all: done - began } };
}

const answers = {
  async start({ canvas }) {
    composer = new Composer(canvas);
    return {};
  },
  async model({ name, bytes }) {
    const files = await FilesetResolver.forVisionTasks(new URL("tasks-vision", base).href);
    segmenter = await ImageSegmenter.createFromOptions(files, {
      baseOptions: { modelAssetBuffer: new Uint8Array(bytes), delegate: "CPU" },
      runningMode: "VIDEO", outputConfidenceMasks: true, outputCategoryMask: false,
    });
    return { name, width: 256, height: 256, threads: false };
  },
  async look(message) {
    look = message.look;
    return {};
  },
  frame: show,
};

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ id: data.id, ...(await answers[data.kind](data)) });
  } catch (error) {
    self.postMessage({ id: data.id, kind: "failed", message: String(error?.message ?? error) });
  }
};
