// Frames a second and milliseconds by stage on a fake camera of 640×480, blur; time to the first mask; memory over time.
//
//   node bench/bench.mjs camera.mjpeg out.json [selfie.tflite] [--minutes=20]
//
// camera.mjpeg comes from test/native.py. With MediaPipe's selfie model its tasks-vision is timed on the same page
// (npm install --no-save @mediapipe/tasks-vision).
import { build } from "esbuild";
import { cp, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { browser, here, page, serve } from "../test/browser.mjs";

const words = process.argv.slice(2).filter((one) => !one.startsWith("--"));
const [clip, output, selfie] = words;
const minutes = Number(process.argv.find((one) => one.startsWith("--minutes="))?.slice(10) ?? 0);
const SECONDS = 20;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** The page with another worker and model, in a folder of its own. */
async function withMediaPipe() {
  const site = await mkdtemp(path.join(os.tmpdir(), "pnet-bench-"));
  await cp(page, site, { recursive: true });
  const vision = path.join(here, "../node_modules/@mediapipe/tasks-vision");
  await build({ entryPoints: [path.join(here, "../bench/mediapipe.js")], bundle: true, format: "iife", outfile: path.join(site, "worker.js"), logLevel: "error" });
  await cp(path.join(vision, "wasm"), path.join(site, "tasks-vision"), { recursive: true });
  await cp(selfie, path.join(site, "models/portraitnet-lite-int8.tflite"));
  await writeFile(path.join(site, "offline.js"), "");
  return site;
}

async function weigh(tab, address) {
  let bytes = 0;
  tab.on("response", async (response) => (bytes += Number((await response.headerValue("content-length")) ?? 0)));
  const began = performance.now();
  await tab.goto(address);
  await tab.waitForFunction(() => document.body.dataset.model || document.querySelector("#status.wrong"), null, { timeout: 60_000 });
  const wrong = await tab.evaluate(() => document.querySelector("#status.wrong")?.textContent);
  if (wrong) throw new Error(wrong);
  const ready = performance.now() - began;
  await tab.click("#camera");
  await tab.waitForFunction(() => document.getElementById("speed").dataset.ms);
  return { bytes, ready, first: performance.now() - began };
}

async function measure(site, model) {
  const server = await serve(site), chrome = await browser({ clip });
  try {
    const tab = await (await chrome.newContext()).newPage();
    const { bytes, first } = await weigh(tab, server.address);
    if (model) {
      await tab.selectOption("#model", model);
      await tab.waitForFunction((name) => document.body.dataset.model === name, model);
    }
    await tab.waitForTimeout(3000);
    const found = await tab.evaluate(async (seconds) => {
      const speed = document.getElementById("speed"), taken = [];
      const watch = new MutationObserver(() => taken.push(JSON.parse(speed.dataset.ms)));
      watch.observe(speed, { attributes: true, attributeFilter: ["data-ms"] });
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      watch.disconnect();
      return taken;
    }, SECONDS);
    const ms = Object.fromEntries(Object.keys(found[0]).map((stage) => [stage, median(found.map((one) => one[stage]))]));
    return { frames_per_second: found.length / SECONDS, milliseconds: ms, first_load_bytes: bytes, first_mask_ms: first };
  } finally {
    await chrome.close();
    server.stop();
  }
}

async function version() {
  const chrome = await browser();
  try {
    return chrome.version();
  } finally {
    await chrome.close();
  }
}

/** Memory by kind of process of the browser, MB: what is its own, and its share of what several have mapped. */
async function proportional(pattern) {
  const total = {};
  for (const id of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const told = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
    if (!told.includes(pattern)) continue;
    const kind = /--type=([\w-]+)/.exec(told)?.[1] ?? "browser";
    const pss = /^Pss:\s*(\d+)/m.exec(await readFile(`/proc/${id}/smaps_rollup`, "utf8").catch(() => ""))?.[1] ?? 0;
    total[kind] = (total[kind] ?? 0) + Number(pss) / 1024;
  }
  return Object.fromEntries(Object.entries(total).map(([kind, size]) => [kind, Math.round(size)]));
}

/** Collects what the page and its worker have let go, which they would do by themselves some time later. */
const collect = (tab) => {
  const own = tab.workers().filter((one) => one.url().endsWith("/worker.js")); // the network's threads only wait
  return Promise.all([tab, ...own].map((one) => one.evaluate(() => self.gc())));
};

/** Heaps of the page and its workers, MB; the browser takes its time to tell. */
const heaps = (tab) => tab.evaluate(async () => (await performance.measureUserAgentSpecificMemory()).bytes / 2 ** 20);

async function long(count) {
  const server = await serve(), chrome = await browser({ clip, flags: ["--js-flags=--expose-gc"] });
  try {
    const tab = await (await chrome.newContext()).newPage();
    await weigh(tab, server.address);
    const found = [];
    const heap_mb = { before: Math.round(await heaps(tab)) };
    await tab.evaluate(() => {
      const speed = document.getElementById("speed");
      self.ages = [];
      new MutationObserver(() => self.ages.push(JSON.parse(speed.dataset.ms).age)).observe(speed, { attributes: true });
    });
    for (let minute = 1; minute <= count; minute++) {
      await tab.waitForTimeout(60_000);
      const ages = await tab.evaluate(() => self.ages.splice(0));
      const oldest_frame_ms = Math.round(Math.max(...ages)), median_ms = Math.round(median(ages));
      await collect(tab);
      found.push({ minute, memory_mb: await proportional("chromium"), frames: ages.length, oldest_frame_ms, median_ms });
      console.log(JSON.stringify(found.at(-1)));
    }
    heap_mb.after = Math.round(await heaps(tab));
    console.log(JSON.stringify(heap_mb));
    return { heap_mb, minutes: found };
  } finally {
    await chrome.close();
    server.stop();
  }
}

const cpus = os.cpus();
const told = process.argv.slice(2).map((one) => path.basename(one)).join(" ");
const result = {
  command: `node tools/web/bench/bench.mjs ${told}`,
  processor: { name: cpus[0].model, cores: cpus.length, flags: [] },
  browser: await version(),
  models: {},
};
if (minutes) result.over_time = await long(minutes);
else {
  for (const model of ["portraitnet-lite-int8", "portraitnet-int8"]) result.models[model] = await measure(page, model);
  if (selfie) result.models["MediaPipe selfie, tasks-vision"] = await measure(await withMediaPipe());
}
for (const [name, one] of Object.entries(result.models)) console.log(name, JSON.stringify(one));
await writeFile(output, `${JSON.stringify(result, null, 1)}\n`);
