// Starts the page and keeps it up to date: the stack says what has changed, and only that is read again.

import { listen, read } from "./api.js";
import { startChat } from "./chat.js";
import { startComposer } from "./composer.js";
import { startDeals } from "./deals.js";
import { at, h, icon, keyed } from "./dom.js";
import { startFaults } from "./faults.js";
import { startGroup } from "./group.js";
import { startPeople, unread } from "./people.js";
import { startQueue } from "./queue.js";
import { startRequests } from "./requests.js";
import { changed, choose, on, state } from "./state.js";
import { setClock } from "./text.js";

const TABS = [
  { id: "deals", title: "amoCRM", short: "CRM", icon: "deal" },
  { id: "requests", title: "Заявки", short: "Заявки", icon: "list" },
  { id: "queue", title: "Очередь", short: "Очередь", icon: "queue" },
  { id: "faults", title: "Поломки", short: "Поломки", icon: "bolt" },
];

/** What is read again when a counter of the stack moves. */
const VIEWS = {
  chats: async () => {
    state.chats = (await read("chats")).chats;
    if (!state.chats.some((chat) => chat.id === state.chosen)) choose("chosen", state.chats[0]?.id ?? null);
    changed("chats");
    await readChat();
  },
  deals: async () => {
    state.deals = (await read("deals")).deals;
    state.dealsRead = true;
    changed("deals");
  },
  requests: async () => {
    ({ requests: state.requests, later: state.later } = await read("requests"));
    changed("requests");
  },
  queue: async () => {
    state.queue = await read("queue");
    changed("queue");
  },
  clock: async () => {
    state.stack = await read("stack");
    setClock(state.stack);
    changed("stack", "chat", "chats", "deals", "requests", "clock");
  },
  faults: async () => {
    state.faults = (await read("faults")).faults;
    changed("faults");
  },
};

let counters = {};
const busy = new Map();

/** Reads a view; a change during the reading makes it read once more, never twice at the same time. */
async function refresh(view) {
  if (busy.has(view)) return busy.set(view, true);
  busy.set(view, false);
  try {
    await VIEWS[view]();
  } catch (error) {
    console.warn(view, error);
    counters[view] = undefined;
  }
  const again = busy.get(view);
  busy.delete(view);
  return again ? refresh(view) : undefined;
}

async function readChat() {
  const id = state.chosen;
  if (id === null) return;
  const chat = await read(`chats/${id}`);
  if (id !== state.chosen) return;
  state.chat = chat;
  changed("chat");
}

function onChange(now) {
  if (counters.stack !== undefined && counters.stack !== now.stack) return location.reload();
  const views = Object.keys(VIEWS).filter((view) => counters[view] !== now[view]);
  counters = { ...now };
  return views.forEach(refresh);
}

const stuck = () => state.requests.filter((request) => request.status === "dead").length;

const badges = {
  deals: () => state.newDeals || null,
  requests: () => stuck() || null,
  queue: () => state.queue.dead.length || null,
  faults: () => state.faults.filter((item) => item.on).length || null,
};

/** Good news is blue, trouble is red. */
const badge = (tab) => (tab.count ? h("span", { class: ["chat", "deals"].includes(tab.id) ? "badge" : "badge alert" }, String(tab.count)) : null);

function drawTabs() {
  keyed(at("tabs"), TABS.map((tab) => ({ ...tab, selected: tab.id === state.tab, count: badges[tab.id]() })), (tab) => tab.id, (tab) =>
    h("button", { type: "button", role: "tab", class: "tab", id: `tab-${tab.id}`, "aria-controls": `panel-${tab.id}`, "aria-selected": String(tab.selected), tabindex: tab.selected ? "0" : "-1", onclick: () => showTab(tab.id) }, tab.title, badge(tab)));
  const waiting = state.chats.reduce((sum, chat) => sum + unread(chat), 0);
  const all = [{ id: "chat", short: "Чат", icon: "chat" }, ...TABS];
  keyed(at("bottom-tabs"), all.map((tab) => ({ ...tab, selected: tab.id === state.view, count: tab.id === "chat" ? waiting || null : badges[tab.id]() })), (tab) => tab.id, (tab) =>
    h("button", { type: "button", class: "bottom-tab", "aria-current": String(tab.selected), onclick: () => showTab(tab.id) }, icon(tab.icon), h("span", {}, tab.short), badge(tab)));
  for (const tab of TABS) at(`panel-${tab.id}`).hidden = tab.id !== state.tab;
  document.body.dataset.view = state.view;
}

function showTab(id) {
  if (id === "chat" && state.view === "chat") document.body.dataset.open = "list";
  choose("view", id);
  if (id !== "chat") choose("tab", id);
}

function moveBetweenTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const now = TABS.findIndex((tab) => tab.id === state.tab);
  showTab(TABS[(now + step + TABS.length) % TABS.length].id);
  at(`tab-${state.tab}`).focus();
}

async function start() {
  on(["tab", "view", "requests", "queue", "faults", "chats", "seen", "chosen", "newDeals"], drawTabs);
  on(["chosen"], () => readChat().catch(() => {}));
  at("tabs").addEventListener("keydown", moveBetweenTabs);
  drawTabs();
  startPeople();
  startChat();
  startComposer();
  startGroup();
  startDeals();
  startRequests();
  startQueue();
  startFaults();
  for (;;) {
    try {
      state.stack = await read("stack");
      setClock(state.stack);
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  document.title = `${state.stack.bot.name} — чат и CRM`;
  changed("stack");
  listen(onChange, (alive) => { at("offline").hidden = alive; });
}

start();
