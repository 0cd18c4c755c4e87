// From a picture to the network's grid and back: letterbox, refinement and steadiness, as pnet_tf has them.

const GREY = 128; // around a letterboxed picture (pnet_tf/resize.py)
const RADIUS = 2; // of the guided filter's windows (cutout/refine.py)
const EPSILON = 1e-3;
const SOFT = 10; // grid pixels from an edge beyond which doubt is none (cutout/opacity.py)
const SAME = 0.045; // differences of grey up to which two pixels look the same (video/steady.py)
const CUT = 0.5;
const KEPT = { off: 0, light: 0.86, strong: 0.93 };

/** Where a picture of width × height lies inside the network's input. */
export function place(width, height, targetWidth, targetHeight) {
  const scale = Math.min(targetHeight / height, targetWidth / width);
  const innerHeight = Math.min(targetHeight, Math.max(1, Math.round(height * scale)));
  const innerWidth = Math.min(targetWidth, Math.max(1, Math.round(width * scale)));
  return {
    top: (targetHeight - innerHeight) >> 1,
    left: (targetWidth - innerWidth) >> 1,
    width: innerWidth,
    height: innerHeight,
  };
}

/** One axis of OpenCV's area averaging: [from, to, weight] in its order, weights as its 32-bit floats. */
function areas(from, to) {
  const scale = from / to, found = [];
  for (let at = 0; at < to; at++) {
    const start = at * scale, end = start + scale, cell = Math.min(scale, from - start);
    const last = Math.min(Math.floor(end), from - 1), first = Math.min(Math.ceil(start), last);
    if (first - start > 1e-3) found.push([first - 1, at, Math.fround((first - start) / cell)]);
    for (let one = first; one < last; one++) found.push([one, at, Math.fround(1 / cell)]);
    if (end - last > 1e-3) found.push([last, at, Math.fround(Math.min(end - last, 1, cell) / cell)]);
  }
  return found;
}

/** The same axis enlarged: bilinear between pixels' centres, the border repeated. */
function between(from, to) {
  const found = [];
  for (let at = 0; at < to; at++) {
    const centre = ((at + 0.5) * from) / to - 0.5, low = Math.floor(centre), share = Math.fround(centre - low);
    found.push([Math.max(low, 0), at, 1 - share], [Math.min(low + 1, from - 1), at, share]);
  }
  return found;
}

/**
 * RGBA bytes (width × height) → RGB bytes of another size: averaged over areas, or enlarged bilinearly.
 *
 * An int8 network makes a tenth of a probability of one wrong bit here and there, so shrinking follows OpenCV's
 * INTER_AREA to the bit: across first, then down, in 32-bit floats, halves rounded to even.
 */
export function resized(rgba, width, height, toWidth, toHeight) {
  const shrinks = toWidth < width || toHeight < height, axis = shrinks ? areas : between;
  const across = axis(width, toWidth), out = new Uint8ClampedArray(toWidth * toHeight * 3);
  const whole = width % toWidth === 0 && height % toHeight === 0 && shrinks;
  if (whole) return wholeAreas(rgba, width, width / toWidth, height / toHeight, toWidth, toHeight, out);
  const row = new Float32Array(toWidth * 3), sum = new Float32Array(toWidth * 3);
  let line = 0;
  const finish = () => out.set(sum, line * toWidth * 3); // clamped arrays round halves to even
  for (const [from, to, weight] of axis(height, toHeight)) {
    row.fill(0);
    for (const [column, at, share] of across)
      for (let channel = 0; channel < 3; channel++)
        row[3 * at + channel] += Math.fround(rgba[4 * (from * width + column) + channel] * share);
    if (to !== line) {
      finish();
      sum.fill(0);
      line = to;
    }
    for (let i = 0; i < sum.length; i++) sum[i] += Math.fround(weight * row[i]);
  }
  finish();
  return out;
}

/** Where one pixel is made of whole ones OpenCV adds integers. */
function wholeAreas(rgba, width, wide, high, toWidth, toHeight, out) {
  const share = Math.fround(1 / (wide * high));
  for (let y = 0; y < toHeight; y++)
    for (let x = 0; x < toWidth; x++)
      for (let channel = 0; channel < 3; channel++) {
        let total = 0;
        for (let dy = 0; dy < high; dy++)
          for (let dx = 0; dx < wide; dx++) total += rgba[4 * ((y * high + dy) * width + x * wide + dx) + channel];
        out[3 * (y * toWidth + x) + channel] =
          wide === 2 && high === 2 ? (total + 2) >> 2 : Math.fround(total * share);
      }
  return out;
}

/** The network's input: RGB bytes of the inner picture on grey. */
export function framed(rgb, at, targetWidth, targetHeight) {
  const out = new Uint8Array(targetWidth * targetHeight * 3).fill(GREY);
  for (let y = 0; y < at.height; y++)
    out.set(rgb.subarray(y * at.width * 3, (y + 1) * at.width * 3), ((y + at.top) * targetWidth + at.left) * 3);
  return out;
}

/** The inner part of the network's answer, 0..1. */
export function inner(answer, at, targetWidth, scale) {
  const out = new Float32Array(at.width * at.height);
  for (let y = 0; y < at.height; y++)
    for (let x = 0; x < at.width; x++)
      out[y * at.width + x] = answer[(y + at.top) * targetWidth + at.left + x] * scale;
  return out;
}

/** RGB bytes → grey 0..1. */
export function grey(rgb) {
  const out = new Float32Array(rgb.length / 3);
  for (let i = 0, at = 0; i < out.length; i++, at += 3)
    out[i] = (0.299 * rgb[at] + 0.587 * rgb[at + 1] + 0.114 * rgb[at + 2]) / 255;
  return out;
}

/** Means over windows of 2·radius + 1, the border mirrored without its last pixel. */
export function boxed(values, width, height, radius) {
  const mirrored = (at, size) => (size === 1 ? 0 : at < 0 ? -at : at >= size ? 2 * size - 2 - at : at);
  const clamp = (at, size) => Math.min(size - 1, Math.max(0, mirrored(at, size)));
  const side = 2 * radius + 1, half = new Float32Array(values.length), out = new Float32Array(values.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let d = -radius; d <= radius; d++) sum += values[y * width + clamp(x + d, width)];
      half[y * width + x] = sum / side;
    }
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let d = -radius; d <= radius; d++) sum += half[clamp(y + d, height) * width + x];
      out[y * width + x] = sum / side;
    }
  return out;
}

/** Distance of each pixel of `side` from the other side, in pixels less one, by two passes of chamfer steps. */
function distances(person, width, height, side) {
  const far = new Float32Array(person.length);
  const straight = 0.955, diagonal = 1.3693; // OpenCV's 3×3 mask
  for (let i = 0; i < far.length; i++) far[i] = person[i] === side ? 1e6 : 0;
  const relax = (i, x, y, dx, dy, step) => {
    const nx = x + dx, ny = y + dy;
    if (nx < 0 || ny < 0 || nx >= width || ny >= height) return;
    const through = far[ny * width + nx] + step;
    if (through < far[i]) far[i] = through;
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      relax(i, x, y, -1, 0, straight), relax(i, x, y, 0, -1, straight);
      relax(i, x, y, -1, -1, diagonal), relax(i, x, y, 1, -1, diagonal);
    }
  for (let y = height - 1; y >= 0; y--)
    for (let x = width - 1; x >= 0; x--) {
      const i = y * width + x;
      relax(i, x, y, 1, 0, straight), relax(i, x, y, 0, 1, straight);
      relax(i, x, y, 1, 1, diagonal), relax(i, x, y, -1, 1, diagonal);
    }
  return far;
}

/** Takes doubt away from edges, as cutout.opacity.decided. */
export function decided(probability, width, height) {
  const person = Uint8Array.from(probability, (value) => (value > 0.5 ? 1 : 0));
  const inside = distances(person, width, height, 1), outside = distances(person, width, height, 0);
  return probability.map((value, i) =>
    person[i]
      ? Math.max(value, Math.min(0.5 + (inside[i] - 1) / (2 * SOFT), 1))
      : Math.min(value, Math.max(0.5 - (outside[i] - 1) / (2 * SOFT), 0)),
  );
}

/** The guided filter's a and b on the grid, interleaved; without refinement 0 and the probability itself. */
export function coefficients(greys, probability, width, height, refine) {
  const out = new Float32Array(2 * probability.length);
  if (!refine) {
    probability.forEach((value, i) => (out[2 * i + 1] = value));
    return out;
  }
  const box = (values) => boxed(values, width, height, RADIUS);
  const meanGrey = box(greys), mean = box(probability);
  const both = box(greys.map((value, i) => value * probability[i])), squared = box(greys.map((value) => value * value));
  const slope = mean.map((value, i) => (both[i] - meanGrey[i] * value) / (squared[i] - meanGrey[i] ** 2 + EPSILON));
  const a = box(slope), b = box(mean.map((value, i) => value - slope[i] * meanGrey[i]));
  for (let i = 0; i < a.length; i++) (out[2 * i] = a[i]), (out[2 * i + 1] = b[i]);
  return out;
}

/**
 * Masks over time: kept where the picture looks the same as before, let go where it does not, forgotten at a cut.
 * pnet_tf.video.steady without its flow, so what moves follows the network at once.
 */
export class Steady {
  constructor(strength = "light") {
    this.kept = KEPT[strength];
    this.reset();
  }

  reset() {
    this.before = this.mask = null;
  }

  next(greys, probability, width, height) {
    let found = probability;
    if (this.kept && this.mask?.length === probability.length) {
      const [now, was] = [greys, this.before].map((one) => {
        const mean = one.reduce((sum, value) => sum + value, 0) / one.length;
        return [mean, Math.sqrt(one.reduce((sum, value) => sum + (value - mean) ** 2, 0) / one.length)];
      });
      const gain = now[1] / (was[1] + 1e-6);
      const apart = boxed(
        greys.map((value, i) => Math.abs(value - ((this.before[i] - was[0]) * gain + now[0]))), width, height, 2);
      const same = apart.map((value) => Math.exp(-((value / SAME) ** 2)));
      if (same.reduce((sum, value) => sum + value, 0) / same.length >= CUT)
        found = probability.map((value, i) => value + this.kept * same[i] * (this.mask[i] - value));
    }
    this.before = greys;
    this.mask = found;
    return found;
  }
}
