// What a customer writes and sends.

import { act, upload } from "./api.js";
import { doing, own, say } from "./chat.js";
import { at, h, icon, keyed } from "./dom.js";
import { ask, openMenu, toast } from "./overlay.js";
import { samplePhotos } from "./samples.js";
import { on, state } from "./state.js";
import { size as fileSize, phone as shownPhone } from "./text.js";
import { isRecording, pickRecording, record } from "./voice.js";

/** Telegram sends photos in albums of up to ten, at most this many pixels a side. */
const ALBUM = 10;
const LONGEST_SIDE = 1280;
/** Files sent at once, at most. */
const MOST_FILES = 30;

/** Texts begun in each chat. */
const drafts = new Map();
let draftOf = null;
let keysHidden = false;
let keysShown = "";
let sending = false;

function fit() {
  const text = at("text");
  text.style.height = "40px";
  text.style.height = `${Math.min(168, Math.max(40, text.scrollHeight))}px`;
  const ready = text.value.trim() !== "";
  const send = at("send");
  if (send.classList.contains("ready") !== ready || !send.firstChild) {
    send.classList.toggle("ready", ready);
    send.replaceChildren(icon(ready ? "send" : "mic"));
    send.setAttribute("aria-label", ready ? "Отправить" : "Записать голосовое сообщение");
  }
}

/** Takes a text that was sent out of the field, or out of the draft of a chat left meanwhile; what was typed after it stays. */
function takeOut(chat, words) {
  const rest = (value) => (value.trimStart().startsWith(words) ? value.trimStart().slice(words.length).trimStart() : value);
  if (chat !== draftOf) return drafts.set(chat, rest(drafts.get(chat) ?? ""));
  at("text").value = rest(at("text").value);
  return fit();
}

async function submit(event) {
  event.preventDefault();
  const chat = state.chosen;
  const words = at("text").value.trim();
  if (!words || isRecording()) return record();
  if (sending) return null;
  sending = true;
  // Only what has been accepted leaves the field.
  await doing(async () => {
    await act(own("text"), { text: words });
    takeOut(chat, words);
  });
  sending = false;
  return null;
}

/** A photo as Telegram's apps send it: a JPEG of bounded size. Null for a file that is no picture. */
async function compressed(file) {
  if (!file.type.startsWith("image/")) return null;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.87));
    return new File([blob], "photo.jpg", { type: "image/jpeg" });
  } catch {
    return null;
  }
}

/** What a chosen file is sent as. */
async function partOf(file, asFile) {
  if (!asFile && file.type.startsWith("video/")) return { kind: "video", file };
  const photo = asFile ? null : await compressed(file);
  return photo ? { kind: "photo", file: photo } : { kind: "file", file };
}

/** Albums of up to ten: photos and videos together, files with files. The caption comes with the first. */
async function sendParts(parts, caption) {
  const shown = parts.filter((part) => part.kind !== "file");
  const files = parts.filter((part) => part.kind === "file");
  const address = own("media");
  let words = caption;
  for (const group of [shown, files]) {
    for (let from = 0; from < group.length; from += ALBUM) {
      const sent = await doing(() => upload(address, words, group.slice(from, from + ALBUM)));
      if (!sent) return;
      words = "";
    }
  }
}

async function sendFiles(files) {
  if (!files.length || !state.chat || state.chat.blocked) return;
  if (files.length > MOST_FILES) return toast(`Не больше ${MOST_FILES} файлов за раз`);
  const isVisual = (file) => file.type.startsWith("image/") || file.type.startsWith("video/");
  const pictures = files.filter((file) => file.type.startsWith("image/"));
  const others = files.filter((file) => !file.type.startsWith("image/"));
  const urls = pictures.map((file) => URL.createObjectURL(file));
  const caption = h("input", { placeholder: "Добавить подпись…", maxlength: "1024", autofocus: true, "aria-label": "Подпись" });
  const asFile = h("input", { type: "checkbox" });
  const title = pictures.length < files.length ? (files.length === 1 ? "Отправить файл" : `Отправить файлы: ${files.length}`)
    : files.length === 1 ? "Отправить фото" : `Отправить фото: ${files.length}`;
  const done = await ask([
    h("h2", {}, title),
    urls.length ? h("div", { class: urls.length === 1 ? "thumbs one" : "thumbs" }, urls.map((url) => h("img", { src: url, alt: "", onerror: (event) => event.target.remove() }))) : null,
    others.length ? h("ul", { class: "file-names" }, others.map((file) => h("li", {}, h("span", {}, file.name), h("span", { class: "muted" }, fileSize(file.size))))) : null,
    caption, files.some(isVisual) ? h("label", { class: "inline" }, asFile, "Отправить без сжатия, файлом") : null,
  ].filter(Boolean), [{ text: "Отмена", value: null }, { text: "Отправить", value: true, submit: true }], { label: title });
  urls.forEach((url) => URL.revokeObjectURL(url));
  if (!done) return;
  await sendParts(await Promise.all(files.map((file) => partOf(file, asFile.checked))), caption.value.trim());
}

async function sendSamples(count) {
  await sendParts((await samplePhotos(count)).map((file) => ({ kind: "photo", file })), "");
}

async function shareContact() {
  const chat = state.chat;
  const done = await ask([
    h("h2", {}, "Поделиться номером телефона?"),
    h("p", {}, `Бот «${state.stack.bot.name}» получит ваш номер телефона ${shownPhone(chat.phone)}.`),
  ], [{ text: "Отмена", value: null }, { text: "Поделиться контактом", value: true, submit: true }], { label: "Поделиться номером телефона?" });
  if (done) await doing(() => act(own("contact"), { own: true }));
}

async function sendOtherContact() {
  const name = h("input", { value: "Виктор Сидоров", required: true, maxlength: "64", autofocus: true });
  const phone = h("input", { value: "+79161234567", required: true, type: "tel", maxlength: "20" });
  const done = await ask([h("h2", {}, "Чужой контакт"), h("label", {}, "Имя", name), h("label", {}, "Телефон", phone)],
    [{ text: "Отмена", value: null }, { text: "Отправить", value: true, submit: true }], { label: "Чужой контакт" });
  if (done) await doing(() => act(own("contact"), { own: false, first_name: name.value.trim(), phone: phone.value.trim() }));
}

function attachMenu(event) {
  openMenu(event.currentTarget, [
    { glyph: "🖼", text: "Фото, видео или файл с диска", act: () => at("files").click() },
    "-",
    { glyph: "🚗", text: "Пример: одно фото", act: () => sendSamples(1) },
    { glyph: "🚙", text: "Пример: альбом из 4 фото", act: () => sendSamples(4) },
    { glyph: "🏁", text: "Пример: альбом из 10 фото", act: () => sendSamples(10) },
    { glyph: "📄", text: "Пример: документ PDF", act: () => doing(() => act(own("document"))) },
    "-",
    { glyph: "📱", text: "Мой контакт", act: shareContact },
    { glyph: "👤", text: "Чужой контакт", act: sendOtherContact },
    { glyph: "📍", text: "Геопозиция", act: () => doing(() => act(own("location"))) },
    { glyph: "👍", text: "Стикер", act: () => doing(() => act(own("sticker"))) },
    { glyph: "🎤", text: "Голосовое сообщение из файла", act: pickRecording },
  ]);
}

function commandsMenu(event) {
  const commands = state.stack?.bot.commands ?? [];
  openMenu(event.currentTarget, commands.map(({ command, description }) => ({ command: `/${command}`, text: description, act: () => say(`/${command}`) })));
}

function drawKeys() {
  const keys = state.chat?.keyboard ?? null;
  const now = JSON.stringify([state.chosen, keys]);
  if (now !== keysShown) keysHidden = false;
  keysShown = now;
  at("toggle-keys").hidden = !keys;
  at("reply-keys").hidden = !keys || keysHidden;
  keyed(at("reply-keys"), (keys ?? []).map((row, index) => ({ row, index })), (item) => item.index, ({ row }) => h("div", { class: "keys-row" }, row.map((key) =>
    h("button", { type: "button", class: "reply-key", onclick: () => (key.contact ? shareContact() : say(key.text)) }, key.text))));
}

function draw() {
  const chat = state.chat;
  const big = at("big-button");
  const fresh = chat && !chat.group && !chat.blocked && !chat.started && chat.messages.length === 0;
  document.querySelector(".composer-area").hidden = !chat;
  at("composer").hidden = Boolean(chat?.blocked || fresh);
  big.hidden = !(chat?.blocked || fresh);
  big.textContent = chat?.blocked ? "РАЗБЛОКИРОВАТЬ" : "ЗАПУСТИТЬ";
  big.onclick = () => (chat?.blocked ? doing(() => act(own("block"), { blocked: false })) : say("/start"));
  at("commands").hidden = Boolean(chat?.group) || !state.stack?.bot.commands.length;
  drawKeys();
  if (chat && chat.id !== draftOf) {
    if (draftOf !== null) drafts.set(draftOf, at("text").value);
    draftOf = chat.id;
    at("text").value = drafts.get(chat.id) ?? "";
    fit();
  }
}

function takeDrops() {
  const chat = document.querySelector(".chat");
  const over = (on) => chat.classList.toggle("drop-here", on);
  chat.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(Boolean(state.chat));
  });
  chat.addEventListener("dragleave", (event) => { if (!chat.contains(event.relatedTarget)) over(false); });
  chat.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    sendFiles([...event.dataTransfer.files]);
  });
  at("text").addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    sendFiles(files);
  });
}

export function startComposer() {
  on(["chat", "chosen", "stack"], draw);
  at("composer").addEventListener("submit", submit);
  at("text").addEventListener("input", fit);
  at("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  at("attach").addEventListener("click", attachMenu);
  at("commands").addEventListener("click", commandsMenu);
  at("toggle-keys").addEventListener("click", () => {
    keysHidden = !keysHidden;
    drawKeys();
  });
  at("files").addEventListener("change", (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    return sendFiles(files);
  });
  takeDrops();
  fit();
}
