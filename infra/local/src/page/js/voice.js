// Voice messages: recorded with the microphone, or picked from the disk where there is none.

import { send } from "./api.js";
import { doing, own } from "./chat.js";
import { at } from "./dom.js";
import { toast } from "./overlay.js";

/** The recording under way: recorder, address of its chat, when it began. */
let recording = null;

/** Sends a recording to the address that the chat had when it began. */
function post(address, sound, seconds) {
  const joint = address.includes("?") ? "&" : "?";
  return doing(() => send(`${address}${joint}seconds=${Math.max(1, Math.round(seconds))}`, sound));
}

function show(isRecording) {
  at("send").classList.toggle("recording", isRecording);
  at("text").placeholder = isRecording ? "Идёт запись — нажмите ещё раз, чтобы отправить" : "Сообщение";
}

/** How long a file sounds, in seconds. */
function lengthOf(file) {
  return new Promise((resolve) => {
    const player = new Audio(URL.createObjectURL(file));
    const done = (seconds) => {
      URL.revokeObjectURL(player.src);
      resolve(Number.isFinite(seconds) ? seconds : 1);
    };
    player.addEventListener("loadedmetadata", () => done(player.duration));
    player.addEventListener("error", () => done(1));
  });
}

/** Lets the customer pick a recording. */
export function pickRecording() {
  const address = own("voice");
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "audio/*";
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (file) await post(address, file, await lengthOf(file));
  });
  input.click();
}

async function start() {
  const address = own("voice");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    toast("Микрофон недоступен — выберите файл с записью");
    return pickRecording();
  }
  const recorder = new MediaRecorder(stream);
  const parts = [];
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.addEventListener("stop", () => {
    const seconds = (Date.now() - recording.since) / 1000;
    recording = null;
    stream.getTracks().forEach((track) => track.stop());
    show(false);
    return post(address, new Blob(parts, { type: recorder.mimeType }), seconds);
  });
  recorder.start();
  recording = { recorder, since: Date.now() };
  return show(true);
}

/** Whether a recording is under way. */
export const isRecording = () => recording !== null;

/** Begins a recording, or ends and sends the one under way. */
export function record() {
  if (recording) return recording.recorder.stop();
  const canRecord = window.MediaRecorder && navigator.mediaDevices?.getUserMedia;
  return canRecord ? start() : pickRecording();
}
