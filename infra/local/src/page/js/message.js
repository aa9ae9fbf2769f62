// One message or album as a bubble.

import { h, icon } from "./dom.js";
import { enlarge, toast } from "./overlay.js";
import { avatar, phone, richText, safe, size, time } from "./text.js";

/** Columns, of six, that each photo of an album takes: rows of two or three, a wide one first where it comes out even. */
const MOSAIC = {
  2: [3, 3], 3: [6, 3, 3], 4: [3, 3, 3, 3], 5: [3, 3, 2, 2, 2], 6: [2, 2, 2, 2, 2, 2], 7: [3, 3, 3, 3, 2, 2, 2],
  8: [3, 3, 2, 2, 2, 2, 2, 2], 9: [2, 2, 2, 2, 2, 2, 2, 2, 2], 10: [3, 3, 3, 3, 2, 2, 2, 2, 2, 2],
};

/** Time and ticks. Telegram's apps do not say «изменено» of a bot's messages. */
function meta(item, over = false) {
  return h("span", { class: over ? "meta over" : "meta" }, item.edited && item.out ? "изменено " : null, time(item.at), item.out ? icon("checks") : null);
}

/** One photo or video of a message. */
function part(medium, span) {
  const video = medium.kind === "video";
  const content = video
    ? [h("video", { src: `${medium.url}#t=0.1`, muted: true, playsinline: true, preload: "metadata", onloadedmetadata: span ? null : takeShape }), h("span", { class: "play", "aria-hidden": "true" }, "▶")]
    : h("img", { src: medium.url, alt: "", onload: span ? null : takeShape });
  return h("button", { type: "button", class: video ? "photo video" : "photo", style: span ? { "--span": span } : {}, "aria-label": video ? "Открыть видео" : "Открыть фото", onclick: () => enlarge(medium.url, medium.kind) }, content);
}

/** A single photo or video is shown in its own proportions, within reason. */
function takeShape({ target }) {
  const ratio = (target.naturalWidth || target.videoWidth) / (target.naturalHeight || target.videoHeight);
  if (ratio > 0) target.parentElement.style.setProperty("--ratio", String(Math.min(2.2, Math.max(0.7, ratio))));
}

function media(item) {
  const count = item.media.length;
  const frame = count > 1
    ? h("div", { class: "album" }, item.media.map((medium, index) => part(medium, (MOSAIC[count] ?? [])[index] ?? 2)))
    : h("div", { class: "single" }, part(item.media[0]));
  return [frame, item.text ? h("div", { class: "caption" }, words(item), meta(item)) : meta(item, true)];
}

const words = (item) => h("span", { class: "words", dir: "auto" }, richText(item.text, item.entities, item.onCommand));

const file = (glyph, title, note) =>
  h("div", { class: "file" }, h("div", { class: "glyph" }, glyph), h("div", {}, h("strong", {}, title), h("span", { class: "muted" }, note)));

/** Plays a voice message; the button pauses it. */
function listenTo(url, button) {
  const player = (button.player ??= new Audio(url));
  const show = () => { button.textContent = player.paused ? "▶" : "❚❚"; };
  for (const event of ["play", "pause", "ended"]) player[`on${event}`] = show;
  return player.paused ? player.play().catch(() => toast("Эту запись браузер не воспроизводит")) : player.pause();
}

const KINDS = {
  text: (item) => [words(item), meta(item)],
  photo: media,
  video: media,
  contact: (item) => [
    h("div", { class: "card" }, avatar(item.contact.phone.replace(/\D/g, "").slice(-6), item.contact.name),
      h("div", {}, h("strong", {}, item.contact.name), h("span", {}, phone(item.contact.phone)))), meta(item)],
  sticker: (item) => [h("div", { class: "sticker" }, item.emoji ?? "👍"), meta(item)],
  voice: (item) => [
    h("div", { class: "voice" }, h("button", { type: "button", class: "play", "aria-label": "Прослушать", onclick: ({ target }) => listenTo(item.voice.url, target) }, "▶"),
      h("div", {}, h("div", { class: "wave" }, Array.from({ length: 30 }, (_, bar) => h("i", { style: { height: `${6 + Math.abs(Math.sin(bar * 1.7 + item.id)) * 19}px` } }))),
        h("span", { class: "muted" }, `${Math.floor(item.voice.seconds / 60)}:${String(item.voice.seconds % 60).padStart(2, "0")}`))), meta(item)],
  location: (item) => [h("div", { class: "place" }, "📍"), meta(item, true)],
  document: (item) => {
    const { name, size: bytes, preview } = item.document;
    return [file(preview ? h("button", { type: "button", "aria-label": "Открыть фото", onclick: () => enlarge(preview) }, h("img", { src: preview, alt: "" })) : "📄", name ?? "Документ", size(bytes)), item.text ? words(item) : null, meta(item)];
  },
};

function keyboard(item, onPress) {
  if (!item.buttons?.length) return null;
  return h("div", { class: "keys" }, item.buttons.map((row) => h("div", { class: "keys-row" }, row.map((button) => {
    if (button.url) return h("a", { class: "key", ...(safe(button.url) ? { href: button.url, target: "_blank", rel: "noopener noreferrer" } : {}) }, button.text, icon("open"));
    return h("button", { type: "button", class: "key", onclick: (event) => onPress(item, button, event.currentTarget) }, button.text);
  }))));
}

/** The element of a message: `first` and `last` of its run decide corners and tail. */
export function drawMessage(item, { onPress, onCommand, fresh }) {
  const shape = KINDS[item.kind] ?? (() => [file("📎", "Вложение", item.kind), meta(item)]);
  const bare = item.kind === "sticker";
  const inside = shape({ ...item, onCommand });
  const media = ["photo", "video", "location"].includes(item.kind);
  const boxed = !media && item.kind !== "text" && !item.text;
  const looks = ["bubble", media && "media", boxed && "boxed", !(media && !item.text) && !item.buttons?.length && "tailed"].filter(Boolean);
  const author = item.author ? h("div", { class: "author" }, item.author) : null;
  const bubble = h("div", { class: bare ? "bare" : looks.join(" ") }, author, inside);
  const flags = [item.out && "out", item.first && "first", item.last && "last", item.buttons?.length && "keyed", fresh && "fresh"].filter(Boolean);
  return h("div", { class: ["message", ...flags].join(" "), "data-message": String(item.id) }, bubble, keyboard(item, onPress));
}
