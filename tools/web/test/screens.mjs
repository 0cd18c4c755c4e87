// Takes the pictures of the page that BUILD.md shows: node test/screens.mjs FOLDER (from native.py)
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { SIZES, browser, here, opened, serve } from "./browser.mjs";

const folder = process.argv[2];
const shot = (tab, name) => tab.screenshot({ path: path.join(here, "../screens", `${name}.jpg`), type: "jpeg", quality: 60 });

const server = await serve(), chrome = await browser({ clip: path.join(folder, "camera.mjpeg") });
try {
  for (const [name, [width, height]] of Object.entries(SIZES)) {
    const { tab } = await opened(await chrome.newContext({ viewport: { width, height } }), server.address);
    await tab.setInputFiles("#file", path.join(folder, "astronaut.png"));
    await tab.waitForFunction(() => document.getElementById("speed").dataset.ms);
    await tab.waitForTimeout(1000); // until it is drawn
    await shot(tab, name);
    if (name !== "upright") continue;
    await writeFile(path.join(folder, "mine.tflite"), "no model");
    await tab.setInputFiles("#own", path.join(folder, "mine.tflite"));
    await tab.waitForSelector("#status.wrong");
    await shot(tab, "model-refused");
  }
} finally {
  await chrome.close();
}
const refusing = await browser({ refused: true });
try {
  const [width, height] = SIZES.upright;
  const { tab } = await opened(await refusing.newContext({ viewport: { width, height }, colorScheme: "dark" }), server.address);
  await tab.click("#camera");
  await tab.waitForSelector("#status.wrong");
  await shot(tab, "camera-refused");
} finally {
  await refusing.close();
  server.stop();
}
