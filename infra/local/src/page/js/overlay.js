// What lies over the page: windows, menus, short notices, a photo enlarged.

import { at, h } from "./dom.js";

/** Shows a window made of `content` and a row of buttons; resolves with the value of the pressed one, null on Escape. */
export function ask(content, buttons, { label } = {}) {
  return new Promise((resolve) => {
    let result = null;
    const close = (value) => {
      result = value;
      dialog.close();
    };
    const actions = buttons.map(({ text, value, danger, submit }) =>
      h("button", { type: submit ? "submit" : "button", class: danger ? "danger" : null, onclick: submit ? null : () => close(value) }, text));
    const form = h("form", { class: "sheet", method: "dialog", onsubmit: (event) => { event.preventDefault(); close(buttons.find((button) => button.submit)?.value ?? true); } },
      content, h("div", { class: "sheet-actions" }, actions));
    const dialog = h("dialog", { "aria-label": label ?? "Окно" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("[autofocus]") ?? actions.at(-1))?.focus();
  });
}

/** The window that Telegram shows for an answer with `show_alert`. */
export const alertWindow = (title, text) =>
  ask([h("h2", {}, title), h("p", { class: "alert-text" }, text)], [{ text: "OK", value: true, submit: true }], { label: title });

/** A line that fades. */
export function toast(text) {
  const line = h("div", { class: "toast" }, text);
  at("toasts").append(line);
  setTimeout(() => line.remove(), 3200);
}

/** A photo or a video over the whole window. */
export function enlarge(url, kind = "photo") {
  const content = kind === "video"
    ? h("video", { src: url, controls: true, autoplay: true, playsinline: true, onclick: (event) => event.stopPropagation() })
    : h("img", { src: url, alt: "Фото" });
  const dialog = h("dialog", { class: "lightbox", "aria-label": kind === "video" ? "Видео" : "Фото", onclick: () => dialog.close() }, content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Closes the menu that is open. */
let closeMenu = null;

/**
 * A menu beside `anchor`: entries `{ glyph, text, act, danger }`, `{ command, text, act }` or "-". Another press on the
 * anchor closes it.
 */
export function openMenu(anchor, entries) {
  const menu = at("menu");
  const wasHere = anchor.getAttribute("aria-expanded") === "true";
  closeMenu?.();
  if (wasHere) return;
  const close = closeMenu = () => {
    closeMenu = null;
    menu.hidden = true;
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", keys, true);
  };
  const outside = (event) => {
    if (!menu.contains(event.target) && !anchor.contains(event.target)) close();
  };
  const keys = (event) => {
    const items = [...menu.querySelectorAll("button")];
    const now = items.indexOf(document.activeElement);
    if (event.key === "Escape" || event.key === "Tab") {
      close();
      anchor.focus();
    } else if (event.key === "ArrowDown") items[(now + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(now - 1 + items.length) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  menu.replaceChildren(...entries.map((entry) => {
    if (entry === "-") return h("hr");
    const run = () => {
      close();
      anchor.focus();
      entry.act();
    };
    if (entry.command) return h("button", { type: "button", role: "menuitem", class: "command", onclick: run }, h("b", {}, entry.command), h("span", {}, entry.text));
    return h("button", { type: "button", role: "menuitem", class: entry.danger ? "danger" : null, onclick: run },
      h("span", { class: "glyph", "aria-hidden": "true" }, entry.glyph), h("span", {}, entry.text));
  }));
  menu.hidden = false;
  anchor.setAttribute("aria-expanded", "true");
  const from = anchor.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const left = Math.max(8, Math.min(from.right - size.width, innerWidth - size.width - 8));
  const below = from.bottom + 6 + size.height < innerHeight;
  menu.style.left = `${from.left + size.width < innerWidth - 8 && from.left < innerWidth / 2 ? Math.max(8, from.left) : left}px`;
  menu.style.top = `${below ? from.bottom + 6 : Math.max(8, from.top - size.height - 6)}px`;
  menu.querySelector("button")?.focus();
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", keys, true);
}
