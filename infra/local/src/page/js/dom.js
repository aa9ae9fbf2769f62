// Building and updating the page without a framework. Text always goes in as text, never as markup.

/** An element: `h("button", { class: "key", onclick }, "Да")`. Attributes that are null, undefined or false are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An icon of the sprite in index.html. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** The element with this id. */
export const at = (id) => document.getElementById(id);

const CONTROLS = "button, a[href], input, textarea, select, video, [tabindex]";
const nameOf = (control) => control.getAttribute("aria-label") ?? control.textContent;

/**
 * Where the keyboard's focus is in `element`, as a function that finds that place in what replaces it: the control of the
 * same name, or else the whole, from where Tab goes on. Null when the focus is elsewhere.
 */
function focusIn(element) {
  const focused = document.activeElement;
  if (!element.contains(focused)) return null;
  if (focused === element) return (fresh) => fresh;
  const name = nameOf(focused);
  return (fresh) => {
    const same = [...fresh.querySelectorAll(CONTROLS)].find((control) => control.tagName === focused.tagName && nameOf(control) === name);
    if (!same && !fresh.hasAttribute("tabindex")) fresh.tabIndex = -1;
    return same ?? fresh;
  };
}

/**
 * Makes the children of `parent` those of `items`, keeping each element whose item has not changed: focus, scroll and
 * running animations survive. `draw(item, existed)` makes an element; `existed` is false for a key not seen before. An
 * element drawn anew keeps the focus that was in it.
 */
export function keyed(parent, items, keyOf, draw) {
  const before = parent.drawn ?? new Map();
  const after = new Map();
  let place = parent.firstChild;
  let refocus = null;
  for (const item of items) {
    const key = String(keyOf(item));
    const signature = JSON.stringify(item);
    let entry = before.get(key);
    if (entry?.signature !== signature) {
      const element = draw(item, entry !== undefined);
      if (entry) {
        const find = focusIn(entry.element);
        if (find) refocus = () => find(element).focus({ preventScroll: true });
        if (place === entry.element) place = place.nextSibling;
        entry.element.remove();
      }
      entry = { element, signature };
    }
    if (place === entry.element) place = place.nextSibling;
    else {
      // An element that moves loses the focus too.
      const focused = entry.element.contains(document.activeElement) ? document.activeElement : null;
      parent.insertBefore(entry.element, place);
      if (focused) refocus = () => focused.focus({ preventScroll: true });
    }
    after.set(key, entry);
    before.delete(key);
  }
  for (const { element } of before.values()) element.remove();
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
  parent.drawn = after;
  refocus?.();
}

/** Texts that change with time by themselves, by their elements. */
const clocks = new Map();

/** A text as an element that asks `text()` for it again every second: «через 4 мин». */
export function ticking(text, tag = "span", attributes = {}) {
  const element = h(tag, attributes, text());
  clocks.set(element, text);
  return element;
}

setInterval(() => {
  for (const [element, text] of clocks) {
    const now = text();
    if (!element.isConnected) clocks.delete(element);
    else if (element.textContent !== now) element.textContent = now;
  }
}, 1000);

/** Replaces everything in `parent`. */
export function fill(parent, ...children) {
  parent.drawn = undefined;
  parent.replaceChildren(...children.flat().filter(Boolean));
}

/** A value kept in this browser between visits; a browser that refuses storage just forgets. */
export const memory = {
  get(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(`carquery.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`carquery.${name}`, JSON.stringify(value));
    } catch {
      // Private windows may refuse; nothing depends on it.
    }
  },
};
