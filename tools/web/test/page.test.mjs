// The page in Chromium: its masks are the native runtime's, every control does what it says, and nothing else is asked.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { Steady, coefficients, decided } from "../src/grid.js";
import { SIZES, browser, here, opened, page, root, serve } from "./browser.mjs";

const WITHIN = 2; // of 255
let folder, server, chrome, context, shown;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "pnet-web-"));
  const python = process.env.PNET_PYTHON ?? "python3";
  execFileSync(python, [path.join(here, "native.py"), folder], { env: { ...process.env, PYTHONPATH: root } });
  server = await serve();
  chrome = await browser({ clip: path.join(folder, "camera.mjpeg") });
  context = await chrome.newContext({ viewport: { width: 1200, height: 900 }, acceptDownloads: true });
  shown = await opened(context, server.address);
});

after(async () => {
  await chrome?.close();
  server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const picture = (name) => path.join(folder, `${name}.png`);
const status = (tab) => tab.textContent("#status");

/** Opens a picture and waits until it is shown. */
async function open(tab, name) {
  await tab.evaluate(() => delete document.getElementById("speed").dataset.ms);
  await tab.setInputFiles("#file", picture(name));
  await tab.waitForFunction(() => document.getElementById("speed").dataset.ms);
}

/** The picture that "Save picture" saves, as RGBA pixels. */
async function saved(tab) {
  const [download] = await Promise.all([tab.waitForEvent("download"), tab.click("#save")]);
  const content = (await readFile(await download.path())).toString("base64");
  return tab.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }), { premultiplyAlpha: "none" });
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), drawing = canvas.getContext("2d");
    drawing.drawImage(bitmap, 0, 0);
    const { data } = drawing.getImageData(0, 0, bitmap.width, bitmap.height);
    const at = (x, y) => [...data.slice(4 * (y * bitmap.width + x), 4 * (y * bitmap.width + x) + 4)];
    return { width: bitmap.width, height: bitmap.height, corner: at(40, 40), face: at(224, 120), other: at(511 - 224, 120) };
  }, content);
}

const settle = (tab) => tab.waitForTimeout(150);

test("masks of all shipped files are the native runtime's", async () => {
  const masks = JSON.parse(await readFile(path.join(folder, "masks.json"), "utf8"));
  for (const [file, pictures] of Object.entries(masks)) {
    const model = (await readFile(path.join(root, "pnet_tf/assets", `${file}.tflite`))).toString("base64");
    for (const [name, [height, width]] of Object.entries(pictures)) {
      const content = (await readFile(picture(name))).toString("base64");
      const found = await shown.tab.evaluate(async ([file, model, content]) => {
        const bytes = (base64) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
        const { load } = await import(new URL("portrait.js", location.href).href);
        self.kept ??= {};
        self.kept[file] ??= await load(bytes(model).buffer);
        const bitmap = await createImageBitmap(new Blob([bytes(content)], { type: "image/png" }));
        const mask = await self.kept[file](bitmap);
        return { ...mask, data: [...mask.data] };
      }, [file, model, content]);
      const native = await readFile(path.join(folder, `${file}.${name}.bin`));
      assert.deepEqual([found.height, found.width], [height, width], `${file} ${name}`);
      const apart = found.data.reduce((most, value, i) => Math.max(most, Math.abs(value - native[i])), 0);
      const off = found.data.filter((value, i) => Math.abs(value - native[i]) > WITHIN).length;
      console.log(`${file} ${name}: at most ${apart} of 255 apart, ${off} of ${native.length} pixels by more than ${WITHIN}`);
      assert.ok(apart <= WITHIN, `${file} ${name}: ${apart}`);
    }
    await shown.tab.evaluate((file) => self.kept[file].close(), file);
  }
});

test("doubt and edges are those of pnet_tf.cutout", async () => {
  const read = async (name) => {
    const content = await readFile(path.join(folder, `${name}.f32`));
    return new Float32Array(content.buffer.slice(content.byteOffset, content.byteOffset + content.length));
  };
  const [probability, greys, expected, fields] = await Promise.all(["probability", "grey", "decided", "fields"].map(read));
  const clean = decided(probability, 160, 120), found = coefficients(greys, clean, 160, 120, true);
  const apart = (one, other) => one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0);
  assert.ok(apart(clean, expected) < 1e-5 && apart(found, fields) < 1e-3);
});

test("masks are kept where the picture is the same, and forgotten at a cut", () => {
  const steady = new Steady("light"), size = 40 * 30;
  const scene = (seed) => Float32Array.from({ length: size }, (_, i) => ((i * 2654435761 + seed * 40503) % 997) / 997);
  const [still, other] = [scene(1), scene(7)], full = new Float32Array(size).fill(1), none = new Float32Array(size);
  steady.next(still, full, 40, 30);
  const held = steady.next(still, none, 40, 30);
  assert.ok(Math.abs(held[500] - 0.86) < 1e-4);
  assert.equal(steady.next(other, none, 40, 30)[500], 0);
});

test("a picture before every background", async () => {
  const { tab } = shown;
  await open(tab, "astronaut");
  await tab.check("[value=none]");
  await settle(tab);
  const plain = await saved(tab);
  assert.deepEqual([plain.width, plain.height], [512, 512]);
  await tab.check("[value=transparent]");
  await settle(tab);
  const cut = await saved(tab);
  assert.equal(cut.corner[3], 0);
  assert.deepEqual(cut.face, plain.face);
  await tab.fill("#colour", "#ff0000");
  await tab.check("[value=colour]");
  await settle(tab);
  assert.deepEqual((await saved(tab)).corner, [255, 0, 0, 255]);
  await tab.setInputFiles("#behind", picture("gravel"));
  await settle(tab);
  assert.ok(await tab.isChecked("[value=picture]"));
  assert.notDeepEqual((await saved(tab)).corner, [255, 0, 0, 255]);
  await tab.check("[value=blur]");
  await settle(tab);
  const blurred = await saved(tab);
  assert.deepEqual(blurred.face, plain.face);
  assert.notDeepEqual(blurred.corner, plain.corner);
  await tab.check("#mirrored");
  await settle(tab);
  assert.deepEqual((await saved(tab)).other, plain.face);
  await tab.uncheck("#mirrored");
});

test("camera, models, switches, recording", async () => {
  const { tab } = shown;
  await tab.click("#camera");
  await tab.waitForFunction(() => /frames a second/.test(document.getElementById("speed").textContent));
  assert.match(await status(tab), /its pictures stay here/);
  for (const strength of ["off", "strong", "light"]) await tab.selectOption("#steady", strength);
  await tab.uncheck("#refine");
  await tab.check("#refine");
  await tab.selectOption("#model", "portraitnet-int8");
  await tab.waitForFunction(() => document.body.dataset.model === "portraitnet-int8");
  await tab.click("#record");
  assert.equal(await tab.getAttribute("#record", "aria-pressed"), "true");
  await tab.waitForTimeout(1500);
  const [download] = await Promise.all([tab.waitForEvent("download"), tab.click("#record")]);
  assert.ok((await readFile(await download.path())).length > 1_000);
  await tab.selectOption("#model", "portraitnet-lite-int8");
  await tab.waitForFunction(() => document.body.dataset.model === "portraitnet-lite-int8");
  await tab.click("#camera");
  assert.equal(await status(tab), "The camera is off.");
  await tab.click("#full");
  await tab.waitForFunction(() => document.fullscreenElement);
  await tab.evaluate(() => document.exitFullscreen());
});

test("what is no picture or model is one line", async () => {
  const { tab } = shown;
  await writeFile(path.join(folder, "text.png"), "no picture");
  await tab.setInputFiles("#file", path.join(folder, "text.png"));
  await tab.waitForFunction(() => document.getElementById("status").textContent.includes("text.png: no picture or clip"));
  await writeFile(path.join(folder, "broken.tflite"), "no model");
  await tab.setInputFiles("#own", path.join(folder, "broken.tflite"));
  await tab.waitForFunction(() => document.getElementById("status").textContent.startsWith("broken.tflite: no .tflite file"));
  await open(tab, "camera"); // the page goes on with the model it had
});

test("keyboard and screen readers: axe finds nothing", async () => {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core"), "utf8");
  for (const scheme of ["light", "dark"]) {
    await shown.tab.emulateMedia({ colorScheme: scheme });
    await shown.tab.evaluate(axe);
    const { violations } = await shown.tab.evaluate(() => self.axe.run());
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
  }
  await shown.tab.emulateMedia({ colorScheme: null });
});

test("nothing is asked of another host, nothing goes wrong, and it works without a network", async () => {
  const { tab, asked, errors } = shown;
  assert.deepEqual(asked.filter((url) => !url.startsWith(server.address) && !/^(blob|data):/.test(url)), []);
  assert.deepEqual(errors, []);
  await tab.evaluate(() => navigator.serviceWorker.ready);
  await tab.reload();
  await tab.waitForFunction(() => document.body.dataset.model);
  await context.setOffline(true);
  await tab.reload();
  await tab.waitForFunction(() => document.body.dataset.model, null, { timeout: 30_000 });
  await open(tab, "astronaut");
  await context.setOffline(false);
});

test("from a sub-folder, without threads, and the example", async () => {
  const site = path.join(folder, "site");
  await cp(page, path.join(site, "some/where"), { recursive: true });
  await writeFile(path.join(site, "index.html"), "");
  const other = await serve(site);
  try {
    const { tab, errors } = await opened(context, `${other.address}some/where/`);
    await open(tab, "astronaut");
    assert.deepEqual(errors, []);
    await tab.goto(`${other.address}some/where/example.html`);
    await tab.setInputFiles("input", picture("astronaut"));
    await tab.waitForFunction(() => document.querySelector("canvas").width === 512);
    await tab.close();
  } finally {
    other.stop();
  }
});

test("desktop, phone upright and across look as their pictures", async () => {
  for (const [name, [width, height]] of Object.entries(SIZES)) {
    const { tab } = await opened(await chrome.newContext({ viewport: { width, height } }), server.address);
    await open(tab, "astronaut");
    await tab.waitForTimeout(1000);
    const expected = await readFile(path.join(here, "../screens", `${name}.jpg`));
    const found = await tab.screenshot({ type: "jpeg", quality: 60 });
    const apart = await shown.tab.evaluate(async (pictures) => {
      const [one, other] = await Promise.all(pictures.map(async (base64) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const drawing = new OffscreenCanvas(64, 48).getContext("2d");
        drawing.drawImage(await createImageBitmap(new Blob([bytes], { type: "image/jpeg" })), 0, 0, 64, 48);
        return drawing.getImageData(0, 0, 64, 48).data;
      }));
      return one.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0) / one.length;
    }, [found, expected].map((content) => content.toString("base64")));
    console.log(`${name}: ${apart.toFixed(1)} of 255 apart`);
    assert.ok(apart < 12, `${name}: ${apart}`);
    await tab.context().close();
  }
});

test("a refused camera says what to do", async () => {
  const refusing = await browser({ refused: true });
  try {
    const { tab } = await opened(await refusing.newContext(), server.address);
    await tab.click("#camera");
    await tab.waitForFunction(() => document.getElementById("status").classList.contains("wrong"));
    assert.match(await status(tab), /allow it for this page/);
  } finally {
    await refusing.close();
  }
});
