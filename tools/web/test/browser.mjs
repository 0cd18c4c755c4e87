// Chromium on the built page, served as pnet-web serves it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.join(here, "../../..");
export const page = process.env.PNET_WEB_PAGE ?? path.join(root, "out/web");
const python = process.env.PNET_PYTHON ?? "python3";
const executablePath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync) ?? process.env.PNET_CHROMIUM;

/** Screens that the page is looked at on, CSS pixels. */
export const SIZES = { desktop: [1100, 900], upright: [390, 844], across: [844, 390] };

/** Serves a folder; the address and how to stop. */
export async function serve(folder = page) {
  const server = spawn(python, [path.join(root, "tools/serve_page.py"), `--folder=${folder}`, "--open_browser=false"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PYTHONPATH: root },
  });
  const address = await new Promise((resolve, reject) => {
    server.stdout.on("data", (told) => resolve(String(told).split(" ")[0]));
    server.on("exit", (status) => reject(new Error(`the server ended with ${status}`)));
  });
  return { address, stop: () => server.kill() };
}

/** A browser whose camera plays a file, or is refused. */
export async function browser({ clip, refused = false, flags = [] } = {}) {
  const args = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    refused ? "--deny-permission-prompts" : "--use-fake-ui-for-media-stream",
    ...flags,
    ...(clip ? [`--use-file-for-fake-video-capture=${clip}`] : []),
  ];
  return chromium.launch({ executablePath, args });
}

/** Opens the page and waits until its network is there. */
export async function opened(context, address) {
  const tab = await context.newPage();
  const asked = [], errors = [];
  tab.on("request", (request) => asked.push(request.url()));
  tab.on("pageerror", (error) => errors.push(error.message));
  tab.on("console", (told) => told.type() === "error" && errors.push(told.text()));
  await tab.goto(address);
  await tab.waitForFunction(() => document.body.dataset.model, null, { timeout: 60_000 });
  return { tab, asked, errors };
}
