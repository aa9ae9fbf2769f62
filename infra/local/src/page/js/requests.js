// Requests on their way to amoCRM, as the store has them.

import { act } from "./api.js";
import { doing } from "./chat.js";
import { clock } from "./clock.js";
import { at, h, keyed, ticking } from "./dom.js";
import { choose, on, state } from "./state.js";
import { fromNow, plural, shortTime } from "./text.js";

const STEPS = { contact: "контакт", deal: "сделка", note: "примечание", task: "задача", photos: "фото" };

const STATUS = {
  pending: ["plain", "в очереди"],
  sending: ["", "отправляется"],
  retry: ["warn", "ждёт повтора"],
  sent: ["good", "в amoCRM"],
  dead: ["bad", "нужна помощь"],
};

function row(request) {
  const active = request.steps.findIndex(({ done }) => !done);
  const steps = request.steps.map(({ step, done }, index) => {
    const look = done ? "step done" : request.status === "sending" && index === active ? "step now" : "step";
    return h("span", { class: look }, STEPS[step] ?? step);
  });
  const [look, title] = STATUS[request.status] ?? ["plain", request.status];
  const status = request.status === "retry" ? ticking(() => `${title} · ${fromNow(request.due_at)}`) : title;
  const again = ["dead", "retry"].includes(request.status)
    ? h("button", { type: "button", class: "button quiet", onclick: () => doing(() => act(`requests/${request.id}/retry`)) }, "Повторить сейчас") : null;
  const toDeal = request.linked
    ? h("button", { type: "button", class: "button quiet", onclick: () => { choose("deal", request.deal); choose("tab", "deals"); choose("view", "deals"); } }, "Открыть сделку") : null;
  return h("div", { class: "request", "data-request": request.number },
    h("div", { class: "request-top" }, h("span", { class: "request-number" }, `№ ${request.number}`), h("span", { class: `chip ${look}` }, status)),
    h("div", { class: "request-name" }, request.name),
    h("div", { class: "deal-line" }, h("span", {}, shortTime(request.created_at)), request.attempts ? h("span", {}, plural(request.attempts, "попытка", "попытки", "попыток")) : null),
    h("div", { class: "steps" }, steps),
    request.error ? h("div", { class: "problem" }, `Причина: ${request.error}`) : null,
    again || toDeal ? h("div", { class: "actions" }, again, toDeal) : null);
}

function draw() {
  const panel = at("panel-requests");
  if (panel.hidden) return;
  const items = state.requests.map((request) => ({ ...request, linked: state.deals.some((deal) => deal.id === request.deal) }));
  keyed(panel, [{ id: "bar", ahead: state.stack?.ahead, later: state.later }, ...(items.length ? items : [{ id: "empty" }])], (item) => item.id, (item) => {
    if (item.id === "bar") {
      return h("div", {},
        h("p", { class: "panel-note" }, "Каждая заявка сначала надёжно сохраняется и только потом уходит в amoCRM, шаг за шагом."),
        h("div", { class: "toolbar" }, h("button", { type: "button", class: "button quiet", id: "run-schedule", onclick: () => doing(() => act("schedule"), "Проверка прошла") }, "Запустить проверку по расписанию")),
        clock(item.later));
    }
    if (item.id === "empty") return h("div", { class: "empty" }, h("span", { class: "glyph" }, "📋"), h("strong", {}, "Заявок пока нет"));
    return row(item);
  });
}

export function startRequests() {
  on(["requests", "deals", "tab", "clock"], draw);
}
