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

/**
 * Makes the children of `parent` those of `items`, keeping each element whose item has not changed: focus, scroll and
 * running animations survive. `draw(item, existed)` makes an element; `existed` is false for a key not seen before.
 */
export function keyed(parent, items, keyOf, draw) {
  const before = parent.drawn ?? new Map();
  const after = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const signature = JSON.stringify(item);
    let entry = before.get(key);
    if (entry?.signature !== signature) {
      const element = draw(item, entry !== undefined);
      if (entry) {
        if (place === entry.element) place = place.nextSibling;
        entry.element.remove();
      }
      entry = { element, signature };
    }
    if (place === entry.element) place = place.nextSibling;
    else parent.insertBefore(entry.element, place);
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
}

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
