// A group with its topics: who of its members writes, and in which topic.

import { act } from "./api.js";
import { doing } from "./chat.js";
import { at, h, keyed } from "./dom.js";
import { openMenu } from "./overlay.js";
import { changed, on, state } from "./state.js";
import { avatar } from "./text.js";

/** By group: the member that this page plays, and the topic that is shown; null for all of them. */
const actors = new Map();
const topics = new Map();

/** The member who acts in the chosen group; null in a private chat, or in a group without members. */
export function actor() {
  const members = state.chat?.group?.members ?? [];
  return members.find((member) => member.id === actors.get(state.chat.id)) ?? members[0] ?? null;
}

/** The topic of the chosen group that is shown, and written in; null for «Общая» and in a group without topics. */
export function topic() {
  const known = state.chat?.topics ?? [];
  return known.find((one) => one.id === topics.get(state.chat.id)) ?? null;
}

const isGeneral = () => topics.get(state.chat?.id) === "general";

/** What of the chosen chat is shown: everything, or one topic. */
export function shown(messages) {
  const one = topic();
  if (one) return messages.filter((message) => message.topic === one.id);
  return isGeneral() ? messages.filter((message) => message.topic === null) : messages;
}

/** Who wrote a message in a group; null for the bot and for whom this page plays. */
export function authorOf(message) {
  return (state.chat?.group?.members ?? []).find((member) => member.id === message.author) ?? null;
}

function choose(id) {
  topics.set(state.chat.id, id);
  changed("chat");
}

function drawTopics() {
  const chat = state.chat;
  const known = chat?.topics ?? [];
  const bar = at("topics");
  bar.hidden = !known.length;
  if (bar.hidden) return;
  const now = topic()?.id ?? (isGeneral() ? "general" : null);
  const items = [{ id: null, name: "Все" }, { id: "general", name: "Общая" }, ...known].map((one) => ({ ...one, now: one.id === now }));
  keyed(bar, items, (one) => one.id, (one) =>
    h("button", { type: "button", role: "tab", class: "topic", "aria-selected": String(one.now), onclick: () => choose(one.id) }, one.closed ? `🔒 ${one.name}` : one.name));
}

/** Lets the page choose who writes. */
export function chooseActor(event) {
  const group = state.chat?.group;
  if (!group?.members.length) return;
  const id = state.chat.id;
  openMenu(event.currentTarget, group.members.map((member) => ({
    glyph: member.id === actor()?.id ? "✓" : "", text: member.name, act: () => {
      actors.set(id, member.id);
      changed("chat");
    },
  })));
}

/** The member as the head of the chat shows them. */
export const actorShown = (member) => [avatar(member.id, member.name, true), h("span", {}, `Пишет ${member.name}`), h("i", { "aria-hidden": "true" }, "▾")];

/** What can be done to the chosen group and topic by hand. */
export function groupMenu() {
  const { id, group } = state.chat;
  const one = topic();
  const change = (what) => doing(() => act(`groups/${id}/topics/${one.id}`, { as: actor()?.id, what }));
  const ofTopic = one ? [
    one.closed ? { glyph: "🔓", text: "Открыть тему снова", act: () => change("reopen") } : { glyph: "🔒", text: "Закрыть тему", act: () => change("close") },
    { glyph: "🗑", text: "Удалить тему", act: () => change("delete"), danger: true },
    "-",
  ] : [];
  const bot = group.has_bot
    ? { glyph: "🚫", text: "Удалить бота из группы", act: () => doing(() => act(`groups/${id}/bot`, { present: false })), danger: true }
    : { glyph: "✅", text: "Вернуть бота в группу", act: () => doing(() => act(`groups/${id}/bot`, { present: true })) };
  return [...ofTopic, bot];
}

export function startGroup() {
  on(["chat", "chosen"], drawTopics);
  at("viewer").addEventListener("click", chooseActor);
}
