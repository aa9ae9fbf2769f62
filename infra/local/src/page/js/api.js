// Talks to the stack.

async function call(path, options) {
  let response, text;
  try {
    response = await fetch(`/api/${path}`, options);
    text = await response.text();
  } catch {
    throw new Error("Стенд не отвечает");
  }
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Not from the stack's own code: the status says enough.
  }
  if (!response.ok || body === null) throw new Error(body?.error ?? `Ошибка ${response.status}`);
  return body;
}

/** Reads one view of the stack. */
export const read = (path) => call(path, { headers: { accept: "application/json" } });

/** Does something: a customer's action, a switch, a retry. */
export const act = (path, body = {}) =>
  call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Sends bytes. */
export const send = (path, bytes) => call(path, { method: "POST", headers: { "content-type": "application/octet-stream" }, body: bytes });

/** Sends a caption and parts `{ kind, file }`, where kind is `photo`, `video` or `file`. */
export function upload(path, caption, parts) {
  const form = new FormData();
  form.append("caption", caption);
  for (const { kind, file } of parts) form.append(kind, file, file.name);
  return call(path, { method: "POST", body: form });
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
