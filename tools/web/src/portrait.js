// The module for other pages: const segmenter = await load(); const mask = await segmenter(videoFrame);
import { Client, fetched } from "./client.js";

/** See portrait.d.ts. */
export async function load(model = "models/portraitnet-lite-int8.tflite", { base = new URL(".", import.meta.url) } = {}) {
  const client = new Client(base);
  const bytes = model instanceof ArrayBuffer ? model.slice(0) : await fetched(new URL(model, base));
  try {
    await client.ask("model", { name: typeof model === "string" ? model : "the model", bytes }, [bytes]);
  } catch (error) {
    client.close();
    throw error;
  }
  const segmenter = async (frame) => {
    const bitmap = await createImageBitmap(frame);
    const { width, height, data } = await client.ask("mask", { bitmap }, [bitmap]);
    return { width, height, data };
  };
  segmenter.close = () => client.close();
  return segmenter;
}
