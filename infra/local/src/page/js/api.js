// Talks to the stack.

async function answer(response) {
  const text = await response.text();
  const body = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Error(body?.error ?? `Ошибка ${response.status}`);
  return body;
}

/** Reads one view of the stack. */
export const read = async (path) => answer(await fetch(`/api/${path}`, { headers: { accept: "application/json" } }));

/** Does something: a customer's action, a switch, a retry. */
export const act = async (path, body = {}) =>
  answer(await fetch(`/api/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }));

/** Sends files with a form's fields. */
export async function upload(path, fields, files) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const file of files) form.append("file", file, file.name ?? "photo.jpg");
  return answer(await fetch(`/api/${path}`, { method: "POST", body: form }));
}

/**
 * Calls `onChange(counters)` whenever something in the stack changed, `onState(alive)` when the connection comes or goes.
 * Where server-sent events do not get through, the counters are asked for every second and a half.
 */
export function listen(onChange, onState) {
  let failures = 0;
  let polling = null;
  const poll = async () => {
    try {
      onChange(await read("changes"));
      onState(true);
    } catch {
      onState(false);
    }
  };
  const source = new EventSource("/api/events");
  source.addEventListener("change", (event) => {
    failures = 0;
    clearInterval(polling);
    polling = null;
    onState(true);
    onChange(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    // One break may be a stack that starts again: is it there? More than one, and events do not get through at all.
    failures += 1;
    poll();
    if (failures > 1) polling ??= setInterval(poll, 1500);
  });
}
