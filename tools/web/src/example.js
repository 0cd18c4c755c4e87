import { load } from "./portrait.js";

const loading = load(); // the shipped lite; load("models/portraitnet-int8.tflite") is the other
document.querySelector("input").onchange = async ({ target }) => {
  const segmenter = await loading;
  const picture = await createImageBitmap(target.files[0]);
  const mask = await segmenter(picture); // { width, height, data }: 0 background … 255 person
  const small = new OffscreenCanvas(mask.width, mask.height);
  const pixels = new ImageData(mask.width, mask.height);
  mask.data.forEach((value, i) => (pixels.data[4 * i + 3] = value));
  small.getContext("2d").putImageData(pixels, 0, 0);
  const canvas = Object.assign(document.querySelector("canvas"), { width: picture.width, height: picture.height });
  const context = canvas.getContext("2d");
  context.drawImage(small, 0, 0, picture.width, picture.height);
  context.globalCompositeOperation = "source-in";
  context.drawImage(picture, 0, 0);
};
