// The queue between the conversation and the delivery.

import { act } from "./api.js";
import { doing } from "./chat.js";
import { at, h, keyed, ticking } from "./dom.js";
import { on, state } from "./state.js";
import { plural, span } from "./text.js";

function message(item) {
  return h("div", { class: "line" }, h("span", { class: "mono" }, item.number ? `№ ${item.number}` : item.id.slice(0, 8)),
    item.receives ? h("span", { class: "chip plain" }, plural(item.receives, "попытка", "попытки", "попыток")) : null,
    ticking(() => span(Math.max(0, Math.round(Date.now() / 1000 - item.sent_at))), "span", { class: "right" }));
}

function section(title, items) {
  return [{ key: title, title }, ...items.map((item) => ({ ...item, key: `${title}-${item.id}` }))];
}

function draw() {
  const panel = at("panel-queue");
  if (panel.hidden) return;
  const { waiting, in_flight: inFlight, dead } = state.queue;
  const items = [
    { key: "counts", counts: [waiting.length, inFlight.length, dead.length] },
    ...(waiting.length ? section("Ждут", waiting) : []),
    ...(inFlight.length ? section("Обрабатываются", inFlight) : []),
    ...(dead.length ? section("Не удалось обработать", dead) : []),
    ...(waiting.length + inFlight.length + dead.length ? [] : [{ key: "empty" }]),
  ];
  keyed(panel, items, (item) => item.key, (item) => {
    if (item.counts) {
      const [waits, flies, fails] = item.counts;
      return h("div", {},
        h("p", { class: "panel-note" }, "Очередь с правилами SQS FIFO: заявки одного телефона идут по одной, неудачные возвращаются, безнадёжные откладываются."),
        h("div", { class: "counts" },
          h("div", { class: "count" }, h("b", {}, String(waits)), h("span", {}, "ждут")),
          h("div", { class: "count" }, h("b", {}, String(flies)), h("span", {}, "в работе")),
          h("div", { class: fails ? "count bad" : "count" }, h("b", {}, String(fails)), h("span", {}, "отложены"))),
        fails ? h("div", { class: "toolbar" }, h("button", { type: "button", class: "button", onclick: () => doing(() => act("queue/redrive")) }, "Вернуть отложенные в очередь")) : null);
    }
    if (item.key === "empty") return h("div", { class: "empty" }, h("span", { class: "glyph" }, "📭"), h("strong", {}, "Очередь пуста"), h("span", {}, "Всё, что было, уже обработано."));
    if (item.title) return h("div", { class: "group-title" }, item.title);
    return message(item);
  });
}

export function startQueue() {
  on(["queue", "tab"], draw);
}
