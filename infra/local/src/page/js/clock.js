// The stack's clock: what time it is at the dealer's, what waits for an hour, and buttons that set it forward.

import { act } from "./api.js";
import { doing } from "./chat.js";
import { h, ticking } from "./dom.js";
import { moment, now } from "./text.js";

/** Sets the clock forward: whatever is due by then happens at once. */
function button(text, how) {
  const forward = () => doing(() => act("clock", how), "Часы переведены");
  return h("button", { type: "button", class: "button quiet", onclick: forward }, text);
}

export const buttonToNine = (text) => button(text, "to_nine");

export function clock({ opens_at: opensAt, day_at: dayAt }) {
  return h("div", { class: "clock" }, ticking(() => `Часы салона: ${moment(now())}`),
    opensAt ? h("span", {}, `🌙 Салон откроется ${moment(opensAt)}. До тех пор бот не напоминает об анкетах и не говорит, что заявку никто не взял.`) : null,
    dayAt ? h("span", {}, `🌙 О сделках бот пишет клиентам только с 9 до 21 — теперь ${moment(dayAt)}.`) : null,
    h("div", { class: "actions" }, button("+10 минут", { minutes: 10 }), button("+1 час", { minutes: 60 }), buttonToNine("До 9:00")));
}
