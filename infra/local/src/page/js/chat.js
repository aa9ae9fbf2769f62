// The chat in the middle: messages, typing, alerts.

import { act } from "./api.js";
import { at, fill, h, keyed } from "./dom.js";
import { drawMessage } from "./message.js";
import { actor, actorShown, authorOf, groupMenu, shown, topic } from "./group.js";
import { alertWindow, openMenu, toast } from "./overlay.js";
import { markRead, openChat } from "./people.js";
import { on, state } from "./state.js";
import { avatar, day, plural } from "./text.js";

/** Seconds of silence that end a run of bubbles. */
const RUN_SECONDS = 300;

let shownChat = null;
let alertsShown = new Map();
let typingTimer = null;
/** The newest messages are being watched; whoever has scrolled up stays where they are. */
let following = true;
let lastTop = 0;
let lastSize = "";

/** Does something and says what is wrong if it cannot be done; what came of it shows by itself, or `done` says it. */
export async function doing(action, done = null) {
  try {
    const result = await action();
    if (done) toast(done);
    return result;
  } catch (error) {
    toast(error.message);
    return null;
  }
}

/** Address of something that the chosen customer does, or in a group the member who acts there. */
export function own(what) {
  const place = {};
  if (actor()) place.as = actor().id;
  if (topic()) place.topic = topic().id;
  const query = String(new URLSearchParams(place));
  return `chats/${state.chosen}/${what}${query && `?${query}`}`;
}

/** Sends a text as the chosen customer. */
export const say = (text) => doing(() => act(own("text"), { text }));

async function press(item, button, element) {
  element.setAttribute("aria-busy", "true");
  await doing(() => act(own("press"), { message_id: item.id, data: button.data }));
  element.removeAttribute("aria-busy");
}

/** Photos and videos of one album become one item; every item learns where it stands in its run; days are set apart. */
function arrange(messages) {
  const items = [];
  for (const message of messages) {
    const previous = items.at(-1);
    if (message.service) {
      items.push({ ...message });
      continue;
    }
    if (message.album && previous?.album === message.album && message.media.length) {
      previous.media = [...previous.media, ...message.media];
      previous.text ||= message.text;
      continue;
    }
    items.push({ ...message });
  }
  const result = [];
  items.forEach((item, index) => {
    const before = items[index - 1];
    const after = items[index + 1];
    const joins = (a, b) => a && b && a.out === b.out && a.author === b.author && a.topic === b.topic && !a.service && !b.service && b.at - a.at < RUN_SECONDS && day(a.at) === day(b.at);
    if (!before || day(before.at) !== day(item.at)) result.push({ separator: day(item.at), id: `day-${item.at}` });
    result.push({ ...item, first: !joins(before, item), last: !joins(item, after) });
  });
  return result;
}

/** What Telegram says by itself, by the field of its message. */
const SERVICE = {
  forum_topic_created: (name) => `Открыта тема «${name}»`,
  forum_topic_edited: (name) => `Тема переименована: «${name}»`,
  forum_topic_closed: () => "Тема закрыта",
  forum_topic_reopened: () => "Тема снова открыта",
};

function intro() {
  if (state.chat.group) return h("div", { class: "intro" }, h("h2", {}, "Группа"), h("p", {}, "Сюда бот кладёт карточку каждой заявки, по теме на клиента. Сверху выбирают, кто из команды пишет."));
  if (state.chat.admin) return h("div", { class: "intro" }, h("h2", {}, "Чат администратора"), h("p", {}, "Сюда бот пишет, когда с amoCRM начались проблемы и когда они закончились. Включите сбой и отправьте заявку — увидите."));
  return h("div", { class: "intro" }, h("h2", {}, "Что умеет этот бот?"), h("p", {}, state.stack?.bot.description ?? ""));
}

function drawLog() {
  const chat = state.chat;
  const log = at("log");
  const box = at("messages");
  const real = state.stack?.telegram.real ?? false;
  at("real-telegram").hidden = !real;
  log.hidden = real;
  if (!chat) return fill(box);
  const switched = shownChat !== chat.id;
  if (switched) fill(box);
  const messages = shown(chat.messages).map((message) => (chat.group ? { ...message, out: message.author !== null && message.author === actor()?.id } : message));
  const items = messages.length ? arrange(messages) : [{ intro: true, id: "intro", admin: chat.admin }];
  const mine = messages.at(-1)?.out ?? false;
  keyed(box, items, (item) => item.id, (item, existed) => {
    if (item.intro) return intro();
    if (item.separator) return h("div", { class: "day" }, item.separator);
    if (item.service) return h("div", { class: "service" }, (SERVICE[item.service] ?? (() => item.service))(item.text));
    return drawMessage({ ...item, author: chat.group && item.first && !item.out ? authorName(item) : null }, { onPress: press, onCommand: say, fresh: !switched && !existed });
  });
  if (switched || following || mine) toBottom();
  shownChat = chat.id;
  markRead();
}

/** The line over a message in a group: who wrote it and, where all topics are shown together, in which one. */
function authorName(item) {
  const name = authorOf(item)?.name ?? state.stack?.bot.name ?? "";
  const place = topic() ? null : state.chat.topics.find((one) => one.id === item.topic)?.name;
  return place ? `${name} · ${place}` : name;
}

function toBottom(behavior = "instant") {
  const log = at("log");
  following = true;
  log.scrollTo({ top: log.scrollHeight, behavior });
}

function drawHead() {
  const chat = state.chat;
  const group = chat?.group;
  at("bot-name").textContent = group ? chat.name : state.stack?.bot.name ?? "CarQuery";
  document.querySelector(".chat-head .avatar").hidden = Boolean(group);
  const typing = chat && chat.typing_until > Date.now() / 1000;
  const status = at("chat-status");
  const people = group ? plural(group.members.length, "участник", "участника", "участников") : "";
  status.textContent = typing ? "печатает…" : group ? (group.has_bot ? `${people} и бот` : `${people}, бота нет`) : "бот";
  status.classList.toggle("typing", Boolean(typing));
  clearTimeout(typingTimer);
  if (typing) typingTimer = setTimeout(drawHead, (chat.typing_until - Date.now() / 1000) * 1000 + 50);
  const who = group ? actor() : null;
  fill(at("viewer"), who ? actorShown(who) : chat ? [avatar(chat.id, chat.name, true), h("span", {}, chat.name)] : []);
  at("viewer").disabled = !who;
  at("viewer").setAttribute("aria-label", who ? `Пишет ${who.name}. Выбрать другого` : chat?.name ?? "");
  at("viewer").hidden = !chat || (group && !who);
  at("chat-more").hidden = !chat;
}

/** Answers to presses come as windows and fading lines; those from before the chat was opened are not shown again. */
function drawAlerts() {
  const chat = state.chat;
  if (!chat) return;
  const shown = alertsShown.get(chat.id);
  const latest = chat.alerts.at(-1)?.n ?? 0;
  alertsShown.set(chat.id, latest);
  if (shown === undefined) return;
  for (const answer of chat.alerts.filter((answer) => answer.n > shown)) {
    if (answer.alert) alertWindow(state.stack?.bot.name ?? "CarQuery", answer.text);
    else toast(answer.text);
  }
}

function moreMenu(event) {
  const chat = state.chat;
  if (!chat) return;
  if (chat.group) return openMenu(event.currentTarget, groupMenu());
  openMenu(event.currentTarget, [
    chat.blocked
      ? { glyph: "✅", text: "Разблокировать бота", act: () => doing(() => act(own("block"), { blocked: false })) }
      : { glyph: "🚫", text: "Заблокировать бота", danger: true, act: () => doing(() => act(own("block"), { blocked: true })) },
  ]);
}

function drawReal() {
  if (!state.stack?.telegram.real) return;
  fill(at("real-telegram"), h("h2", {}, "Бот работает в настоящем Telegram"),
    h("p", {}, state.stack.telegram.note), state.stack.bot.username ? h("a", { href: `https://t.me/${state.stack.bot.username}`, target: "_blank", rel: "noopener noreferrer" }, `@${state.stack.bot.username}`) : null,
    h("p", { class: "muted" }, "Заявки и сделки появятся справа."));
}

export function startChat() {
  on(["chat", "chosen", "stack"], () => {
    drawLog();
    drawHead();
    drawAlerts();
    drawReal();
  });
  at("chat-more").addEventListener("click", moreMenu);
  at("chat-back").addEventListener("click", () => { document.body.dataset.open = "list"; });
  at("to-bottom").addEventListener("click", () => toBottom("smooth"));
  at("log").addEventListener("scroll", () => {
    const log = at("log");
    const below = log.scrollHeight - log.scrollTop - log.clientHeight;
    const size = `${log.scrollHeight} ${log.clientHeight}`;
    if (below < 90) following = true;
    // Messages that become shorter move the view up, too: that is nobody's wish to read what is above.
    else if (log.scrollTop < lastTop && size === lastSize) following = false;
    lastTop = log.scrollTop;
    lastSize = size;
    at("to-bottom").hidden = following || below < 260;
  }, { passive: true });
  // Photos that load, a keyboard that opens: whoever was at the bottom stays there.
  const keepBottom = new ResizeObserver(() => {
    const log = at("log");
    if (following) log.scrollTop = log.scrollHeight;
  });
  keepBottom.observe(at("log"));
  keepBottom.observe(at("messages"));
  document.addEventListener("visibilitychange", markRead);
  if (state.chosen) openChat(state.chosen);
}
