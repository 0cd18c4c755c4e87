// The page: what its controls say goes to the worker, frame by frame.
import { Client, fetched } from "./client.js";

const $ = (id) => document.getElementById(id);
const base = new URL(".", location.href);
const client = new Client(base);
const stage = document.querySelector(".stage");
const state = { source: null, busy: false, shown: [], recorder: null, video: null };

function say(words, wrong = false) {
  $("status").textContent = words;
  $("status").classList.toggle("wrong", wrong);
}

const failed = (error) => say(error.message, true);

function look() {
  const colour = $("colour").value.match(/[0-9a-f]{2}/gi).map((one) => parseInt(one, 16) / 255);
  return {
    background: document.querySelector("[name=background]:checked").value,
    blur: Number($("blur").value),
    colour,
    steady: $("steady").value,
    refine: $("refine").checked,
    mirrored: $("mirrored").checked,
  };
}

/** Shows a picture, or a clip's or camera's frame that was taken at `since`. */
async function show(source, still, since = performance.now()) {
  if (state.busy || document.hidden) return false;
  state.busy = true;
  try {
    const bitmap = await createImageBitmap(source);
    const { ms } = await client.ask("frame", { bitmap, still }, [bitmap]);
    ms.age = performance.now() - since;
    $("hint").hidden = true;
    $("save").disabled = $("record").disabled = false;
    state.shown = [...state.shown.filter((at) => at > performance.now() - 1000), performance.now()];
    const rounded = (value) => value.toFixed(1);
    const stages = `read ${rounded(ms.read)}, network ${rounded(ms.network)}, mask ${rounded(ms.mask)}, draw ${rounded(ms.draw)}`;
    $("speed").textContent = `${still ? "" : `${state.shown.length} frames a second; `}${rounded(ms.all)} ms: ${stages}`;
    $("speed").dataset.ms = JSON.stringify(ms);
    return true;
  } catch (error) {
    failed(error);
    return false;
  } finally {
    state.busy = false;
  }
}

function ended() {
  state.video?.srcObject?.getTracks().forEach((track) => track.stop());
  if (state.video?.src) URL.revokeObjectURL(state.video.src);
  state.video?.pause();
  state.video = null;
  state.source = null;
  $("camera").textContent = "Start camera";
}

/** Shows a video element's frames as they come, the newest when the worker is free. */
async function follow(video, words) {
  state.video = video;
  await video.play();
  say(words);
  const step = async (now, about) => {
    if (state.video !== video) return;
    if (video.readyState >= 2) await show(video, false, about?.captureTime ?? about?.presentationTime ?? now);
    video.requestVideoFrameCallback ? video.requestVideoFrameCallback(step) : requestAnimationFrame(step);
  };
  step();
}

const refusals = {
  NotAllowedError: "The camera is refused: allow it for this page in the address bar, then press the button again.",
  NotFoundError: "No camera was found: plug one in, or open a picture.",
  NotReadableError: "The camera is in use: close the program that has it, then press the button again.",
};

async function camera() {
  if (state.video?.srcObject) {
    ended();
    say("The camera is off.");
    return;
  }
  if (!navigator.mediaDevices) return say("The camera needs https:// or localhost.", true);
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: "user" } });
    ended();
    const video = Object.assign(document.createElement("video"), { srcObject: stream, muted: true, playsInline: true });
    stream.getVideoTracks()[0].onended = () => (ended(), say("The camera was taken away.", true));
    $("camera").textContent = "Stop camera";
    await follow(video, "The camera is on; its pictures stay here.");
  } catch (error) {
    say(refusals[error.name] ?? `The camera did not start: ${error.message}`, true);
  }
}

async function open(file) {
  if (!file) return;
  if (file.name?.endsWith(".tflite")) return own(file);
  ended();
  if (file.type.startsWith("video/")) {
    const video = Object.assign(document.createElement("video"), { src: URL.createObjectURL(file), loop: true, playsInline: true });
    video.onerror = () => say(`${file.name}: a clip that this browser does not play`, true);
    return follow(video, file.name).catch(() => {});
  }
  try {
    state.source = await createImageBitmap(file);
  } catch {
    return say(`${file.name || "That"}: no picture or clip that this browser reads`, true);
  }
  if (await show(state.source, true)) say(file.name || "Pasted picture");
}

async function model(name, bytes) {
  say(`Loading ${name} …`);
  try {
    const found = await client.ask("model", { name, bytes }, [bytes]);
    say(`${name}: ${found.height} × ${found.width}, ${found.threads ? "several threads" : "one thread"}`);
    document.body.dataset.model = name;
    if (state.source) await show(state.source, true);
  } catch (error) {
    failed(error);
  }
}

const shipped = async (name) => model(name, await fetched(new URL(`models/${name}.tflite`, base)));
const own = async (file) => model(file.name, await file.arrayBuffer());

async function behind(file) {
  if (!file) return;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return say(`${file.name}: no picture that this browser reads`, true);
  await client.ask("background", { bitmap }, [bitmap]);
  document.querySelector("[value=picture]").checked = true;
  await settings();
}

const settings = () => client.ask("look", { look: look() }).catch(failed);

function keep(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function save() {
  try {
    keep((await client.ask("save")).blob, "portrait.png");
  } catch (error) {
    failed(error);
  }
}

function record() {
  if (state.recorder) return state.recorder.stop();
  const pieces = [];
  const kinds = ["video/mp4", "video/webm"].filter((kind) => MediaRecorder.isTypeSupported(kind));
  const recorder = (state.recorder = new MediaRecorder($("canvas").captureStream(), { mimeType: kinds[0] }));
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  recorder.onstop = () => {
    state.recorder = null;
    $("record").ariaPressed = "false";
    $("record").textContent = "Record clip";
    keep(new Blob(pieces, { type: kinds[0] }), `portrait.${kinds[0].split("/")[1]}`);
  };
  recorder.start(1000);
  $("record").ariaPressed = "true";
  $("record").textContent = "Stop recording";
}

function wire() {
  $("camera").onclick = camera;
  $("save").onclick = save;
  $("record").onclick = record;
  $("full").onclick = () => (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen());
  $("file").onchange = ({ target }) => open(target.files[0]);
  $("behind").onchange = ({ target }) => behind(target.files[0]);
  $("own").onchange = ({ target }) => target.files[0] && own(target.files[0]);
  $("model").onchange = ({ target }) => shipped(target.value).catch(failed);
  for (const one of ["blur", "colour", "steady", "refine", "mirrored"]) $(one).oninput = settings;
  for (const one of document.querySelectorAll("[name=background]")) one.onchange = settings;
  document.onpaste = ({ clipboardData }) => open([...clipboardData.files][0]);
  document.ondragover = (event) => (event.preventDefault(), stage.classList.add("over"));
  document.ondragleave = () => stage.classList.remove("over");
  document.ondrop = (event) => {
    event.preventDefault();
    stage.classList.remove("over");
    open(event.dataTransfer.files[0]);
  };
  document.onvisibilitychange = () => !document.hidden && state.source && show(state.source, true);
}

async function begin() {
  wire();
  const canvas = $("canvas").transferControlToOffscreen();
  await client.ask("start", { canvas }, [canvas]);
  await settings();
  await shipped($("model").value);
  $("camera").disabled = false;
}

begin().catch(failed);
navigator.serviceWorker?.register("offline.js").catch(() => {});
