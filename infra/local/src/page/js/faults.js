// Switches that break things, to see that nothing is lost.

import { act } from "./api.js";
import { doing } from "./chat.js";
import { at, h, keyed } from "./dom.js";
import { on, state } from "./state.js";

function row(item) {
  if (item.shot) {
    return h("button", { type: "button", class: "switch shot", "data-switch": item.id, onclick: () => doing(() => act(`faults/${item.id}`, { on: true }), `${item.title}: сделано`) },
      h("strong", {}, item.title), h("small", {}, item.hint), h("span", { class: "knob" }, "Сделать"));
  }
  return h("button", { type: "button", role: "switch", class: "switch", "aria-checked": String(item.on), "data-switch": item.id, onclick: () => doing(() => act(`faults/${item.id}`, { on: !item.on })) },
    h("strong", {}, item.title), h("small", {}, item.hint), h("span", { class: "knob", "aria-hidden": "true" }));
}

function draw() {
  const groups = [...new Set(state.faults.map((item) => item.group))];
  const items = groups.map((group) => ({ group, switches: state.faults.filter((item) => item.group === group) }));
  keyed(at("panel-faults"), [{ group: "note" }, ...items], (item) => item.group, (item) => {
    if (item.group === "note") return h("p", { class: "panel-note" }, "Включите сбой, отправьте заявку и посмотрите: она не теряется и не дублируется.");
    return h("div", {}, h("div", { class: "group-title" }, item.group), h("div", { class: "switches" }, item.switches.map(row)));
  });
}

export function startFaults() {
  on(["faults"], draw);
}
