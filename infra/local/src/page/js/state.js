// What the page knows, and who wants to hear of it.

import { memory } from "./dom.js";

/** Views of the stack as last read, and what this page has chosen. */
export const state = {
  stack: null,
  chats: [],
  chat: null,
  deals: [],
  dealsRead: false,
  /** Deals that arrived while another tab was open. */
  newDeals: 0,
  requests: [],
  /** What waits for an hour of the dealer's: news of deals, the opening, the day. */
  later: { news: [], opens_at: null, day_at: null },
  queue: { waiting: [], in_flight: [], dead: [] },
  faults: [],
  chosen: memory.get("chosen", null),
  view: memory.get("view", "chat"),
  tab: memory.get("tab", "deals"),
  deal: memory.get("deal", null),
  seen: memory.get("seen", {}),
};

const listeners = new Map();

/** Calls `draw` whenever one of `topics` has changed. */
export function on(topics, draw) {
  for (const topic of topics) listeners.set(topic, [...(listeners.get(topic) ?? []), draw]);
}

/** Says that `topics` have changed. */
export function changed(...topics) {
  for (const draw of new Set(topics.flatMap((topic) => listeners.get(topic) ?? []))) draw();
}

/** Chooses something and remembers it for the next visit. */
export function choose(name, value) {
  state[name] = value;
  memory.set(name, value);
  changed(name);
}
