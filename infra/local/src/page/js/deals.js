// amoCRM as a dealer sees it: deals, the newest first, and an opened card.

import { act } from "./api.js";
import { doing } from "./chat.js";
import { buttonToNine } from "./clock.js";
import { at, h, icon, keyed, ticking } from "./dom.js";
import { ask, enlarge } from "./overlay.js";
import { changed, choose, on, state } from "./state.js";
import { avatar, fromNow, moment, money, phone, plural, shortTime } from "./text.js";

/** amoCRM's stage for deals that came to nothing, the same in every pipeline. */
const LOST = 143;

/** Deals seen so far, so that only new ones flash; null before the first view. */
let known = null;

/** Whether the list of deals can be seen: in a narrow window it may be another tab's turn. */
const isOpen = () => at("panel-deals").offsetParent !== null;

const price = (deal) => (deal.price ? money(deal.price) : "");
const tags = (list) => list.map((tag) => h("span", { class: "chip" }, tag));

function card(deal, isNew) {
  return h("button", { type: "button", class: isNew ? "deal flash" : "deal", "data-deal": String(deal.id), onclick: () => choose("deal", deal.id) },
    h("div", { class: "deal-top" }, h("span", { class: "deal-name" }, deal.name), h("span", { class: "deal-price" }, price(deal))),
    h("div", { class: "deal-line" }, h("span", {}, deal.contact?.name ?? "без контакта"), h("span", {}, phone(deal.contact?.phones[0] ?? "")), h("span", { class: "right" }, shortTime(deal.created_at))),
    h("div", { class: "deal-line" }, h("span", { class: "chip stage" }, deal.stage), ...tags(deal.tags),
      deal.files.length ? h("span", {}, `📷 ${deal.files.length}`) : null, deal.tasks.some((task) => !task.done) ? h("span", {}, "☎ перезвонить") : null));
}

/** Where a manager can move a deal: each stage, and the last one by its reason. */
function places(deal) {
  const lost = (stage) => state.stack.loss_reasons.map(({ id, name }) => ({ stage: stage.id, reason: id, name: `${stage.name}: ${name.toLowerCase()}`, now: deal.stage_id === stage.id && deal.loss_reason === name }));
  return deal.stages.flatMap((stage) => (stage.id === LOST ? lost(stage) : [{ stage: stage.id, name: `${stage.name} · ${stage.id}`, now: deal.stage_id === stage.id }]));
}

function stageChoice(deal) {
  const options = places(deal);
  const move = ({ target }) => {
    const { stage, reason } = options[Number(target.value)];
    return doing(() => act(`deals/${deal.id}/stage`, { stage, loss_reason: reason ?? null }));
  };
  return h("label", { class: "deal-choice" }, h("span", {}, "Этап"),
    h("select", { "data-choice": "stage", onchange: move }, options.map(({ name, now }, index) => h("option", { value: String(index), selected: now }, name))));
}

/** Why the customer has heard nothing of the stage yet. */
function newsHint(tellAt) {
  if (!tellAt) return null;
  return h("div", { class: "hint" }, h("span", {}, `🌙 Ночью бот первым не пишет: клиент узнает ${moment(tellAt)}.`), buttonToNine("Перевести часы"));
}

/** Merges a deal into another one, which is shown then. */
function mergeChoice(deal) {
  const others = state.deals.filter((other) => other.id !== deal.id);
  const merge = ({ target }) => {
    const into = Number(target.value);
    return doing(async () => {
      await act(`deals/${deal.id}/merge`, { into });
      choose("deal", into);
    });
  };
  return h("label", { class: "deal-choice" }, h("span", {}, "Объединить с"),
    h("select", { "data-choice": "merge", onchange: merge, disabled: others.length === 0 },
      h("option", { value: "", selected: true }, others.length ? "другой сделкой…" : "других сделок нет"),
      others.map((other) => h("option", { value: String(other.id) }, `№ ${other.id} · ${other.name}`))));
}

async function deleteDeal(deal) {
  const answer = await ask([h("h2", {}, `Удалить сделку № ${deal.id}?`), h("p", {}, "Как это сделал бы менеджер в amoCRM. Вернуть её нельзя.")],
    [{ text: "Отмена", value: null }, { text: "Удалить", value: "delete", danger: true }], { label: "Удалить сделку" });
  if (answer !== "delete") return;
  await doing(async () => {
    await act(`deals/${deal.id}/delete`);
    choose("deal", null);
  });
}

const pairs = (rows) => h("dl", { class: "pairs" }, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

function contactBox(contact) {
  if (!contact) return null;
  return h("div", { class: "box", "data-box": "contact" }, h("h3", {}, "Контакт"),
    h("div", { class: "who" }, avatar(contact.id, contact.name, true), h("div", {}, h("strong", {}, contact.name), h("div", { class: "deal-line" }, tags(contact.tags)))),
    pairs([...contact.phones.map((number) => ["Телефон", phone(number)]), ...contact.fields.map((field) => [field.name, field.value])]));
}

function taskBox(task) {
  return h("div", { class: "box task", "data-box": "task" }, h("span", { class: "tick", "aria-hidden": "true" }),
    h("div", {}, ticking(() => `${moment(task.due)} · ${fromNow(task.due)}`, "div", { class: "due" }), h("div", {}, task.text), task.responsible ? h("div", { class: "muted" }, task.responsible) : null));
}

function photoBox(files) {
  if (!files.length) return null;
  return h("div", { class: "box", "data-box": "photos" }, h("h3", {}, `Файлы · ${files.length}`),
    h("div", { class: "photos" }, files.map(thumbnail)));
}

/** A recording is played. A file that this browser cannot show, a HEIC photo for one, is named instead. */
function thumbnail(file) {
  if (file.name.endsWith(".ogg")) return h("audio", { controls: true, preload: "metadata", src: file.url, title: file.name });
  const instead = ({ target }) => target.parentElement.replaceWith(h("span", { class: "unseen", title: file.name }, file.name));
  return h("button", { type: "button", title: file.name, onclick: () => enlarge(file.url) }, h("img", { src: file.url, alt: file.name, loading: "lazy", onerror: instead }));
}

function opened(deal) {
  return h("div", { class: "opened", "data-opened": String(deal.id) },
    h("div", { class: "opened-head" }, h("button", { type: "button", class: "icon-button", "aria-label": "Ко всем сделкам", onclick: () => choose("deal", null) }, icon("back")), h("strong", {}, `Сделка № ${deal.id}`),
      h("button", { type: "button", class: "icon-button delete", "aria-label": "Удалить сделку", title: "Удалить сделку", onclick: () => deleteDeal(deal) }, "🗑")),
    h("div", { class: "opened-title" }, h("h2", {}, deal.name), price(deal) ? h("div", { class: "big-price" }, price(deal)) : null,
      h("div", { class: "deal-line" }, h("span", { class: "chip stage" }, deal.stage), h("span", {}, deal.pipeline), ...tags(deal.tags), h("span", {}, deal.responsible ?? ""), h("span", {}, moment(deal.created_at)))),
    stageChoice(deal),
    newsHint(deal.tell_at),
    mergeChoice(deal),
    deal.tasks.map(taskBox),
    contactBox(deal.contact),
    h("div", { class: "box", "data-box": "fields" }, h("h3", {}, "Поля сделки"), deal.fields.length ? pairs(deal.fields.map((field) => [field.name, field.value])) : h("span", { class: "muted" }, "пусто")),
    photoBox(deal.files),
    deal.notes.length ? h("div", { class: "box" }, h("h3", {}, "Примечания"), h("div", { class: "feed" }, deal.notes.map((note) => h("div", { class: "note", "data-box": "note" }, note)))) : null);
}

function empty() {
  const crm = state.stack?.crm;
  if (crm?.real) return h("div", { class: "empty" }, h("span", { class: "glyph" }, "🔗"), h("strong", {}, "Сделки — в вашем amoCRM"), crm.url ? h("a", { href: crm.url, target: "_blank", rel: "noopener noreferrer" }, crm.url) : null);
  if (crm?.off) return h("div", { class: "empty" }, h("span", { class: "glyph" }, "⏸"), h("strong", {}, "amoCRM выключен"), h("span", {}, "AMOCRM_MOCK_MODE=true: заявки принимаются, но сделок нет."));
  return h("div", { class: "empty" }, h("span", { class: "glyph" }, "🗂"), h("strong", {}, "Сделок пока нет"), h("span", {}, "Пройдите анкету в чате и нажмите «✅ Отправить» — сделка появится здесь."));
}

function draw() {
  const panel = at("panel-deals");
  const fresh = new Set(known === null ? [] : state.deals.filter((deal) => !known.has(deal.id)).map((deal) => deal.id));
  const unseen = isOpen() ? 0 : state.newDeals + fresh.size;
  if (unseen !== state.newDeals) {
    state.newDeals = unseen;
    changed("newDeals");
  }
  if (state.dealsRead) known = new Set([...(known ?? []), ...state.deals.map((deal) => deal.id)]);
  const deal = state.deals.find((deal) => deal.id === state.deal);
  const items = deal ? [{ ...deal, open: true, tell_at: state.later.news.find((news) => news.deal === deal.id)?.at }] : [
    { id: "bar", count: state.deals.length, pipeline: state.deals[0]?.pipeline ?? "" },
    ...(state.deals.length ? state.deals : [{ id: "empty", crm: state.stack?.crm }]),
  ];
  keyed(panel, items, (item) => (item.open ? `open-${item.id}` : item.id), (item, existed) => {
    if (item.open) return opened(item);
    if (item.id === "bar") return h("div", { class: "stagebar" }, h("b", {}, item.pipeline ? `Воронка «${item.pipeline}»` : "amoCRM"), h("span", {}, plural(item.count, "сделка", "сделки", "сделок")));
    if (item.id === "empty") return empty();
    return card(item, !existed && fresh.has(item.id));
  });
}

export function startDeals() {
  on(["deals", "deal", "requests", "stack", "tab", "view"], draw);
  on(["deal"], () => { at("panel-deals").scrollTop = 0; });
}
