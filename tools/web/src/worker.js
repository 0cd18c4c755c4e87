// Everything that takes time: the network, the edge, the picture. Messages in and out are plain objects with a `kind`.
import { Composer } from "./compose.js";
import { Steady, coefficients, decided, framed, grey, inner, place, resized } from "./grid.js";
import { Network } from "./network.js";

const base = new URL(".", self.location.href);
const scratch = new OffscreenCanvas(1, 1);
const reading = scratch.getContext("2d", { willReadFrequently: true });
let network = null, composer = null, steady = new Steady(), look = null, last = null;

const told = (error) => (error instanceof Error ? error.message : String(error));

/** RGB bytes of a picture at another size; a still one is averaged over areas, as pnet_tf does it. */
function read(bitmap, width, height, still) {
  const [w, h] = still ? [bitmap.width, bitmap.height] : [width, height];
  if (scratch.width !== w || scratch.height !== h) Object.assign(scratch, { width: w, height: h });
  reading.imageSmoothingQuality = "medium";
  reading.drawImage(bitmap, 0, 0, w, h);
  return resized(reading.getImageData(0, 0, w, h).data, w, h, width, height);
}

/** The network's answer for a bitmap on its grid, without the letterbox's border. */
async function ask(bitmap, still) {
  const at = place(bitmap.width, bitmap.height, network.width, network.height);
  const rgb = read(bitmap, at.width, at.height, still);
  const began = performance.now();
  const answer = await network.run(framed(rgb, at, network.width, network.height));
  const probability = inner(answer, at, network.width, network.scale);
  return { at, rgb, probability, milliseconds: performance.now() - began };
}

async function show({ bitmap, still }) {
  const began = performance.now();
  const { at, rgb, probability, milliseconds } = await ask(bitmap, still);
  const asked = performance.now(), greys = grey(rgb);
  const held = still ? probability : steady.next(greys, probability, at.width, at.height);
  const clean = decided(held, at.width, at.height);
  const fields = coefficients(greys, clean, at.width, at.height, look.refine);
  const masked = performance.now();
  composer.draw(bitmap, fields, at.width, at.height, look);
  const done = performance.now();
  last?.bitmap.close();
  last = { bitmap, fields, at };
  return {
    kind: "shown",
    ms: { read: asked - began - milliseconds, network: milliseconds, mask: masked - asked, draw: done - masked, all: done - began },
  };
}

/** What is shown once more, after a setting changed. */
function again() {
  if (last) composer.draw(last.bitmap, last.fields, last.at.width, last.at.height, look);
}

const answers = {
  async start({ canvas }) {
    composer = new Composer(canvas);
    return { kind: "started" };
  },
  async model({ name, bytes }) {
    const opened = await Network.open(new Uint8Array(bytes), name, base);
    network?.close();
    network = opened;
    steady.reset();
    return { kind: "model", name, width: opened.width, height: opened.height, threads: opened.threads };
  },
  async look({ look: wanted }) {
    if (wanted.steady !== look?.steady) steady = new Steady(wanted.steady);
    look = wanted;
    again();
    return { kind: "look" };
  },
  async background({ bitmap }) {
    composer.picture(bitmap);
    bitmap.close();
    again();
    return { kind: "background" };
  },
  frame: show,
  async mask({ bitmap }) {
    const { at, probability } = await ask(bitmap, true);
    bitmap.close();
    const data = Uint8ClampedArray.from(probability, (value) => 256 * value);
    return { kind: "mask", width: at.width, height: at.height, data };
  },
  async save() {
    again();
    return { kind: "saved", blob: await composer.canvas.convertToBlob({ type: "image/png" }) };
  },
};

// One after the other: a setting never meets a frame half done.
let queue = Promise.resolve();
self.onmessage = ({ data }) => {
  queue = queue.then(async () => {
    try {
      self.postMessage({ id: data.id, ...(await answers[data.kind](data)) });
    } catch (error) {
      data.bitmap?.close();
      self.postMessage({ id: data.id, kind: "failed", message: told(error) });
    }
  });
};
