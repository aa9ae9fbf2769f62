// The list of customers.

import { act } from "./api.js";
import { at, fill, h, keyed, memory } from "./dom.js";
import { ask, toast } from "./overlay.js";
import { changed, choose, on, state } from "./state.js";
import { avatar, shortTime } from "./text.js";

const FIRST = ["Алексей", "Дмитрий", "Елена", "Ольга", "Сергей", "Татьяна", "Николай", "Светлана", "Павел", "Юлия", "Артём", "Наталья"];

/** Bot messages of a chat that have not been looked at. */
export const unread = (chat) => (chat.id === state.chosen ? 0 : Math.max(0, chat.from_bot - (state.seen[chat.id] ?? 0)));

/** Opens a customer's chat. */
export function openChat(id) {
  document.body.dataset.open = "chat";
  if (id !== state.chosen) {
    state.chat = null;
    choose("chosen", id);
  }
}

/** Everything the chosen chat has said counts as read. */
export function markRead() {
  const chat = state.chats.find((chat) => chat.id === state.chosen);
  if (!chat || document.hidden || state.seen[chat.id] === chat.from_bot) return;
  state.seen[chat.id] = chat.from_bot;
  memory.set("seen", state.seen);
  changed("seen");
}

function person(chat) {
  const count = chat.unread ? h("span", { class: "badge" }, String(chat.unread)) : null;
  const last = chat.last;
  return h("button", { type: "button", class: "person", "aria-current": String(chat.current), onclick: () => openChat(chat.id), title: chat.name },
    avatar(chat.id, chat.name),
    h("div", { class: "person-text" },
      h("div", { class: "person-top" }, h("span", { class: "person-name" }, chat.name), h("span", { class: "person-time" }, last ? shortTime(last.at) : "")),
      h("div", { class: "person-bottom" },
        h("span", { class: "person-last" }, last?.out ? h("b", {}, "Вы: ") : null, chat.blocked ? "бот заблокирован" : last?.text ?? (chat.admin ? "сообщения о сбоях" : "сообщений пока нет")), count)),
    chat.unread ? h("span", { class: "badge float" }, String(chat.unread)) : null);
}

function draw() {
  const items = state.chats.map((chat) => ({ ...chat, unread: unread(chat), current: chat.id === state.chosen }));
  keyed(at("people"), items, (chat) => chat.id, person);
}

function drawModes() {
  if (!state.stack) return;
  const line = (name, part) => h("div", { class: part.real ? "mode real" : "mode" }, h("i"), h("span", {}, h("b", {}, name), ` — ${part.title}`));
  fill(at("modes"), line("Telegram", state.stack.telegram), line("amoCRM", state.stack.crm), line("ИИ", state.stack.ai));
  at("new-customer").hidden = state.stack.telegram.real;
}

async function addCustomer() {
  const pick = (list) => list[Math.floor(Math.random() * list.length)];
  const digits = (count) => Array.from({ length: count }, () => Math.floor(Math.random() * 10)).join("");
  const name = h("input", { value: pick(FIRST), required: true, maxlength: "64", autofocus: true });
  const username = h("input", { value: `client_${digits(4)}`, maxlength: "32", pattern: "[A-Za-z0-9_]*" });
  const done = await ask([
    h("h2", {}, "Новый клиент"),
    h("label", {}, "Имя в Telegram", name), h("label", {}, "Имя пользователя, @… (можно не указывать)", username),
  ], [{ text: "Отмена", value: null }, { text: "Создать", value: true, submit: true }], { label: "Новый клиент" });
  if (!done) return;
  try {
    const chat = await act("chats", { first_name: name.value, username: username.value });
    openChat(chat.id);
  } catch (error) {
    toast(error.message);
  }
}

export function startPeople() {
  on(["chats", "chosen", "seen"], draw);
  on(["stack"], drawModes);
  at("new-customer").addEventListener("click", addCustomer);
}
