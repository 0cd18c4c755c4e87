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

/** Means over windows of 2·radius + 1, the border mirrored without its last pixel; a sum that runs along each line. */
export function boxed(values, width, height, radius) {
  const side = 2 * radius + 1, half = new Float32Array(values.length), out = new Float32Array(values.length);
  const run = (from, to, size, start, step) => {
    const at = (index) => {
      const mirrored = index < 0 ? -index : index >= size ? 2 * size - 2 - index : index;
      return start + step * Math.min(size - 1, Math.max(0, mirrored));
    };
    let sum = 0;
    for (let d = -radius; d < radius; d++) sum += from[at(d)];
    for (let index = 0; index < size; index++) {
      const inside = index > radius && index + radius < size;
      sum += inside ? from[start + step * (index + radius)] : from[at(index + radius)];
      to[start + step * index] = sum / side;
      sum -= inside ? from[start + step * (index - radius)] : from[at(index - radius)];
    }
  };
  for (let y = 0; y < height; y++) run(values, half, width, y * width, 1);
  for (let x = 0; x < width; x++) run(half, out, height, x, width);
  return out;
}

/** Distance of each pixel from the other side, in pixels, by two passes of OpenCV's 3×3 chamfer steps. */
function distances(person, width, height) {
  const straight = 0.955, diagonal = 1.3693, far = new Float32Array(person.length);
  const sweep = (from, step) => {
    for (let n = 0, i = from; n < far.length; n++, i += step) {
      const x = i % width, y = (i - x) / width;
      const back = step > 0 ? x > 0 : x < width - 1, fore = step > 0 ? x < width - 1 : x > 0;
      const over = step > 0 ? y > 0 : y < height - 1, row = i - step * width, own = person[i];
      let least = far[i];
      // A neighbour of the other side is at distance 0, one of the same at its own.
      if (back) least = Math.min(least, straight + (person[i - step] === own ? far[i - step] : 0));
      if (over) {
        least = Math.min(least, straight + (person[row] === own ? far[row] : 0));
        if (back) least = Math.min(least, diagonal + (person[row - step] === own ? far[row - step] : 0));
        if (fore) least = Math.min(least, diagonal + (person[row + step] === own ? far[row + step] : 0));
      }
      far[i] = least;
    }
  };
  far.fill(1e6);
  sweep(0, 1);
  sweep(far.length - 1, -1);
  return far;
}

/** Takes doubt away from edges, as cutout.opacity.decided. */
export function decided(probability, width, height) {
  const out = new Float32Array(probability.length), person = new Uint8Array(probability.length);
  for (let i = 0; i < out.length; i++) person[i] = probability[i] > 0.5 ? 1 : 0;
  const far = distances(person, width, height);
  for (let i = 0; i < out.length; i++) {
    const sure = (far[i] - 1) / (2 * SOFT);
    out[i] = person[i] ? Math.max(probability[i], Math.min(0.5 + sure, 1)) : Math.min(probability[i], Math.max(0.5 - sure, 0));
  }
  return out;
}

/** The guided filter's a and b on the grid, interleaved; without refinement 0 and the probability itself. */
export function coefficients(greys, probability, width, height, refine) {
  const size = probability.length, out = new Float32Array(2 * size);
  if (!refine) {
    for (let i = 0; i < size; i++) out[2 * i + 1] = probability[i];
    return out;
  }
  const both = new Float32Array(size), squared = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    both[i] = greys[i] * probability[i];
    squared[i] = greys[i] * greys[i];
  }
  const [meanGrey, mean, meanBoth, meanSquared] = [greys, probability, both, squared].map((one) => boxed(one, width, height, RADIUS));
  const slope = both, offset = squared; // their room
  for (let i = 0; i < size; i++) {
    slope[i] = (meanBoth[i] - meanGrey[i] * mean[i]) / (meanSquared[i] - meanGrey[i] * meanGrey[i] + EPSILON);
    offset[i] = mean[i] - slope[i] * meanGrey[i];
  }
  const a = boxed(slope, width, height, RADIUS), b = boxed(offset, width, height, RADIUS);
  for (let i = 0; i < size; i++) {
    out[2 * i] = a[i];
    out[2 * i + 1] = b[i];
  }
  return out;
}

/** Mean and standard deviation. */
function moments(values) {
  let sum = 0, squares = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    squares += values[i] * values[i];
  }
  const mean = sum / values.length;
  return [mean, Math.sqrt(Math.max(0, squares / values.length - mean * mean))];
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
    const held = this.kept && this.mask?.length === probability.length && this.#held(greys, probability, width, height);
    this.before = greys;
    this.mask = held || probability;
    return this.mask;
  }

  #held(greys, probability, width, height) {
    const [mean, spread] = moments(greys), [meanBefore, spreadBefore] = moments(this.before);
    const gain = spread / (spreadBefore + 1e-6), apart = new Float32Array(greys.length);
    for (let i = 0; i < apart.length; i++) apart[i] = Math.abs(greys[i] - ((this.before[i] - meanBefore) * gain + mean));
    const same = boxed(apart, width, height, 2), found = new Float32Array(apart.length);
    let total = 0;
    for (let i = 0; i < same.length; i++) {
      same[i] = Math.exp(-((same[i] / SAME) ** 2));
      total += same[i];
      found[i] = probability[i] + this.kept * same[i] * (this.mask[i] - probability[i]);
    }
    return total / same.length >= CUT ? found : null;
  }
}
