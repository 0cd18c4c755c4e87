// Builds the page and the module into a folder that any static host serves: node build.mjs [folder]
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";

if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`error: Node ${process.versions.node} is too old; the page is built by Node 20 or newer`);
  process.exit(1);
}
const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2] ?? path.join(here, "../../out/web"));
const assets = path.join(here, "../../pnet_tf/assets");
const wasm = path.join(here, "node_modules/@litertjs/core/wasm");
const MODELS = ["portraitnet-int8", "portraitnet-lite-int8"];

await rm(out, { recursive: true, force: true });
await mkdir(path.join(out, "wasm"), { recursive: true });
await mkdir(path.join(out, "models"));
const common = { bundle: true, minify: true, target: "es2022", absWorkingDir: here, logLevel: "warning" };
await build({ ...common, entryPoints: { page: "src/page.js", portrait: "src/portrait.js" }, format: "esm", outdir: out });
// LiteRT's glue is loaded by importScripts, which only classic workers have.
await build({ ...common, entryPoints: { worker: "src/worker.js" }, format: "iife", outdir: out });

const copied = ["index.html", "style.css", "example.html", "example.js", "manifest.webmanifest", "icon.svg"];
for (const name of copied) await cp(path.join(here, "src", name), path.join(out, name));
await cp(path.join(here, "src/portrait.d.ts"), path.join(out, "portrait.d.ts"));
for (const kind of ["", "threaded_"])
  for (const end of ["js", "wasm"]) {
    const name = `litert_wasm_${kind}internal.${end}`;
    await cp(path.join(wasm, name), path.join(out, "wasm", name));
  }
for (const name of MODELS) await cp(path.join(assets, `${name}.tflite`), path.join(out, "models", `${name}.tflite`));
const about = JSON.parse(await readFile(path.join(here, "package.json"), "utf8"));
for (const name of ["scripts", "devDependencies", "engines"]) delete about[name];
await writeFile(path.join(out, "package.json"), JSON.stringify(about, null, 1));

// The service worker keeps what the first visit loads; another build is another cache.
const first = ["./", "page.js", "worker.js", "style.css", "icon.svg", "manifest.webmanifest"];
const digest = createHash("sha256");
for (const name of ["page.js", "worker.js", "style.css"]) digest.update(await readFile(path.join(out, name)));
const code = await readFile(path.join(here, "src/offline.js"), "utf8");
await writeFile(
  path.join(out, "offline.js"),
  code.replace("__FIRST__", JSON.stringify(first)).replace("__BUILD__", digest.digest("hex").slice(0, 12)),
);
console.log(out);
