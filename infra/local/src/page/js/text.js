// Texts with styled parts, dates, money, initials.

import { h } from "./dom.js";

const WRAPPERS = {
  bold: () => h("b"),
  italic: () => h("i"),
  underline: () => h("u"),
  strikethrough: () => h("s"),
  code: () => h("code"),
  pre: () => h("pre"),
};

/** Only these may be opened: a link in a message is somebody else's text. */
export const safe = (url) => /^(https?:|tel:|mailto:)/i.test(url);

const link = (url) => h("a", safe(url) ? { href: url, target: "_blank", rel: "noopener noreferrer" } : {});

/**
 * A message's text as nodes. Offsets of entities are in UTF-16 units, as JavaScript counts too. Addresses and commands
 * are made into links as Telegram's apps do; a press on a command calls `onCommand`.
 */
export function richText(text, entities = [], onCommand = () => {}) {
  const parts = [...entities.filter((entity) => entity.length > 0), ...found(text, entities)];
  const cuts = new Set([0, text.length]);
  for (const part of parts) {
    cuts.add(Math.min(part.offset, text.length));
    cuts.add(Math.min(part.offset + part.length, text.length));
  }
  const marks = [...cuts].sort((a, b) => a - b);
  const nodes = [];
  for (let index = 0; index + 1 < marks.length; index += 1) {
    const piece = text.slice(marks[index], marks[index + 1]);
    let node = document.createTextNode(piece);
    for (const part of parts.filter((part) => part.offset <= marks[index] && part.offset + part.length >= marks[index + 1])) {
      const wrapper = wrap(part, text, onCommand);
      if (!wrapper) continue;
      wrapper.append(node);
      node = wrapper;
    }
    nodes.push(node);
  }
  return nodes;
}

function wrap(part, text, onCommand) {
  const covered = text.slice(part.offset, part.offset + part.length);
  if (part.type === "text_link") return link(part.url ?? "");
  if (part.type === "url") return link(/^[a-z]+:\/\//i.test(covered) ? covered : `https://${covered}`);
  if (part.type === "bot_command") {
    return h("a", { href: "#", onclick: (event) => { event.preventDefault(); onCommand(covered); } });
  }
  return WRAPPERS[part.type]?.() ?? null;
}

/** What Telegram's apps find by themselves, outside the given entities. */
function found(text, entities) {
  const result = [];
  const free = (start, end) => entities.every((entity) => entity.offset >= end || entity.offset + entity.length <= start || !["text_link", "url", "bot_command", "code", "pre"].includes(entity.type));
  for (const match of text.matchAll(/https?:\/\/[^\s<>«»"]+[^\s<>«»".,:;!?)]/g)) {
    if (free(match.index, match.index + match[0].length)) result.push({ type: "url", offset: match.index, length: match[0].length });
  }
  for (const match of text.matchAll(/(?<=^|[\s(])\/[a-z][a-z0-9_]{1,31}(?![\w/])/g)) {
    if (free(match.index, match.index + match[0].length)) result.push({ type: "bot_command", offset: match.index, length: match[0].length });
  }
  return result;
}

let clock, dayMonth, shortDate;
/** Seconds that the stack's clock is ahead of this computer's. */
let ahead = 0;

/** Sets the clock by which the page shows times: the stack's, in the dealer's time zone, as notes and messages have it. */
export function setClock(stack) {
  ahead = stack.ahead;
  const format = (parts) => new Intl.DateTimeFormat("ru-RU", { ...parts, timeZone: stack.zone });
  clock = format({ hour: "2-digit", minute: "2-digit" });
  dayMonth = format({ day: "numeric", month: "long" });
  shortDate = format({ day: "2-digit", month: "2-digit", year: "2-digit" });
}

/** The stack's clock, in seconds since the epoch. */
export const now = () => Date.now() / 1000 + ahead;

const DAY = 24 * 3600;
const dateOf = (seconds) => new Date(seconds * 1000);
const sameDay = (a, b) => shortDate.format(dateOf(a)) === shortDate.format(dateOf(b));

/** «14:05» */
export const time = (seconds) => clock.format(dateOf(seconds));

/** «Сегодня», «Вчера», «Завтра», «3 ноября» */
export function day(seconds) {
  const near = [["Сегодня", 0], ["Вчера", -DAY], ["Завтра", DAY]].find(([, away]) => sameDay(seconds, now() + away));
  return near ? near[0] : dayMonth.format(dateOf(seconds));
}

/** «14:05» today, «03.11.26» before. */
export const shortTime = (seconds) => (sameDay(seconds, now()) ? time(seconds) : shortDate.format(dateOf(seconds)));

/** «сегодня в 14:05» */
export const moment = (seconds) => `${day(seconds).toLowerCase()} в ${time(seconds)}`;

/** «через 4 мин 10 с», «5 с назад» */
export function fromNow(seconds) {
  const away = Math.round(seconds - now());
  if (Math.abs(away) < 2) return "сейчас";
  return away > 0 ? `через ${span(away)}` : `${span(-away)} назад`;
}

/** «4 мин 10 с» */
export function span(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} с`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} мин${seconds < 600 && seconds % 60 ? ` ${Math.round(seconds % 60)} с` : ""}`;
  return `${Math.floor(seconds / 3600)} ч ${Math.round((seconds % 3600) / 60)} мин`;
}

/** «1 500 000 ₽» */
export const money = (roubles) => `${new Intl.NumberFormat("ru-RU").format(roubles)} ₽`;

/** «+7 900 123-45-67»; a number of another country stays as it is. */
export const phone = (text) => text.replace(/^\+?7(\d{3})(\d{3})(\d{2})(\d{2})$/, "+7 $1 $2-$3-$4");

/** «1,4 МБ» */
export function size(bytes) {
  const shown = (value) => new Intl.NumberFormat("ru-RU", { maximumFractionDigits: 1 }).format(value);
  if (bytes < 1024) return `${bytes} Б`;
  return bytes < 1024 * 1024 ? `${shown(bytes / 1024)} КБ` : `${shown(bytes / 1024 / 1024)} МБ`;
}

/** `plural(2, "заявка", "заявки", "заявок")` */
export function plural(count, one, few, many) {
  const rule = new Intl.PluralRules("ru").select(count);
  return `${count} ${{ one, few }[rule] ?? many}`;
}

/** «АС» of «Анна Смирнова». */
export const initials = (name) =>
  name.trim().split(/\s+/).slice(0, 2).map((word) => [...word][0]?.toUpperCase() ?? "").join("") || "?";

const COLOURS = [["#ff885e", "#ff516a"], ["#ffcd6a", "#ffa85c"], ["#82b1ff", "#665fff"], ["#a0de7e", "#54cb68"], ["#53edd6", "#28c9b7"], ["#72d5fd", "#2a9ef1"], ["#e0a2f3", "#d669ed"]];

/** An avatar with initials, coloured by the customer's id as in Telegram. */
export function avatar(id, name, small = false) {
  const [from, to] = COLOURS[Math.abs(Number(id)) % COLOURS.length];
  return h("div", { class: small ? "avatar small" : "avatar", style: { "--from": from, "--to": to }, "aria-hidden": "true" }, initials(name));
}
