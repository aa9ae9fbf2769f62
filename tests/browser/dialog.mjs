// Stories played on the chat page in a real browser: node dialog.mjs URL

import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { fresh, playAll, story } from "./stories.mjs";

/** A picture of one colour as a PNG. */
function png(red) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    let sum = ~0;
    for (const byte of body) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
    const size = Buffer.alloc(4);
    const check = Buffer.alloc(4);
    size.writeUInt32BE(data.length);
    check.writeUInt32BE(~sum >>> 0);
    return Buffer.concat([size, body, check]);
  };
  const rows = Buffer.concat(Array.from({ length: 24 }, () => Buffer.from([0, ...Array(32).fill([red, 80, 120]).flat()])));
  const header = Buffer.from([0, 0, 0, 32, 0, 0, 0, 24, 8, 2, 0, 0, 0]);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

const picture = (name, red) => ({ name, mimeType: "image/png", buffer: png(red) });

story("a car is sold with an album and a shared contact, and the deal is in amoCRM", async (chat) => {
  const name = fresh("Алексей");
  await chat.becomeNewCustomer(name);
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.fillsSellForm({ car: "Toyota Camry", name });
  assert.equal(await chat.page.locator(".album .photo").count(), 4, "the album is one bubble of four photos");
  const confirmation = await chat.lastFromBot.innerText();
  for (const answer of ["Toyota Camry", "85 000", "1 500 000", name]) assert.ok(confirmation.replaceAll(/[\u00a0\u202f]/g, " ").includes(answer), `the confirmation shows ${answer}`);
  const number = await chat.sends();

  await chat.opensTab("Заявки");
  const request = chat.page.locator(`[data-request="${number}"]`);
  await request.getByText("в amoCRM").waitFor();
  assert.deepEqual(await request.locator(".step").allInnerTexts(), ["контакт", "сделка", "примечание", "задача", "фото"]);
  // Photos follow the request: it is in amoCRM before they are.
  await request.locator(".step.done").nth(4).waitFor();

  await chat.opensTab("amoCRM");
  await chat.deals(name).first().click();
  const opened = chat.page.locator(".opened");
  await opened.locator('[data-box="note"]').first().waitFor();
  const card = (await opened.innerText()).replaceAll(/[\u00a0\u202f]/g, " ");
  for (const shown of [`Toyota Camry — ${name}`, "1 500 000 ₽", "85 000", number, "Один хозяин"]) assert.ok(card.includes(shown), `the card shows ${shown}`);
  await opened.locator('[data-box="contact"]').waitFor();
  await opened.locator('[data-box="task"]').waitFor();
  await opened.locator('[data-box="photos"] img').nth(3).waitFor();
  const loaded = await opened.locator('[data-box="photos"] img').evaluateAll((images) => Promise.all(images.map((image) => image.decode().then(() => image.naturalWidth))));
  assert.ok(loaded.every((width) => width > 0), "the manager can open every photo");
});

story("an old button opens a window that says so, and changes nothing", async (chat) => {
  await chat.becomeNewCustomer(fresh("Борис"));
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.presses("🔍 Купить авто");
  await chat.hears("Шаг 1 из");
  const messages = await chat.page.locator("#messages > .message").count();
  // The button as another device may still show it.
  const status = await chat.page.evaluate(async () => {
    const id = document.querySelector("#messages > .message:not(.out)").dataset.message;
    const chats = (await (await fetch("/api/chats")).json()).chats;
    const answer = await fetch(`/api/chats/${chats[0].id}/press`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ message_id: Number(id), data: "1:menu" }) });
    return answer.status;
  });
  assert.equal(status, 200);
  const window = chat.page.getByRole("dialog", { name: "CarQuery" });
  await window.getByText("Кнопка больше не активна").waitFor();
  await window.getByRole("button", { name: "OK" }).click();
  assert.equal(await chat.page.locator("#messages > .message").count(), messages);
});

story("what a customer types is shown as typed and runs nowhere", async (chat) => {
  await chat.becomeNewCustomer(fresh("Вера"));
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.presses("🚗 Продать авто");
  await chat.hears("Шаг 1 из 8");
  const nasty = "<img src=x onerror=document.title='broken'> & _моя_ *тачка* 🚙";
  await chat.types(nasty);
  await chat.hears("Шаг 2 из 8");
  await chat.presses("⬅️ Назад");
  const back = await chat.hears("Текущее значение");
  assert.ok(back.includes("<img src=x onerror="), "the bot shows it back as typed");
  assert.notEqual(await chat.page.title(), "broken");
});

story("a request that meets a dead amoCRM waits, and arrives once it is back", async (chat) => {
  const name = fresh("Галина");
  await chat.turns("crm_down", true);
  try {
    await chat.becomeNewCustomer(name);
    await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
    await chat.fillsSellForm({ car: "Kia Rio", name, photos: "Пример: одно фото" });
    const number = await chat.sends();
    await chat.opensTab("Заявки");
    const request = chat.page.locator(`[data-request="${number}"]`);
    await request.getByText("ждёт повтора").waitFor({ timeout: 60_000 });
    const due = await request.locator(".chip").innerText();
    await request.getByRole("button", { name: "Повторить сейчас" }).focus();
    await request.getByText(due, { exact: true }).waitFor({ state: "detached" });
    assert.equal(await chat.focused(), "Повторить сейчас", "the countdown goes on and leaves the focus alone");
    await chat.turns("crm_down", false);
    await chat.opensTab("Заявки");
    // The circuit breaker may still be open: then the request waits a little longer.
    for (let attempt = 0; attempt < 20 && !(await request.getByText("в amoCRM").isVisible()); attempt += 1) {
      const again = request.getByRole("button", { name: "Повторить сейчас" });
      if (await again.isVisible()) await again.click();
      await chat.page.waitForTimeout(3000);
    }
    await request.getByText("в amoCRM").waitFor();
    await chat.opensTab("amoCRM");
    await chat.deals(name).first().waitFor();
    assert.equal(await chat.deals(name).count(), 1, "one request is one deal");
  } finally {
    await chat.turns("crm_down", false);
  }
});

story("photos and a video with a caption are one album, and the bot takes its photos", async (chat) => {
  await chat.becomeNewCustomer(fresh("Зоя"));
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.answersUpToPhotos("Lada Vesta");
  const video = { name: "clip.mp4", mimeType: "video/mp4", buffer: Buffer.from("no real video") };
  await chat.sendsFiles([picture("a.png", 10), video, picture("b.png", 20)], { caption: "С трёх сторон" });
  const album = chat.page.locator(".message.out", { hasText: "С трёх сторон" });
  await album.locator(".album .photo").nth(2).waitFor();
  assert.equal(await album.locator(".album .photo.video").count(), 1);
  await chat.presses("✅ Готово");
  await chat.hears("Шаг 6 из 8");
  const { messages } = await chat.stored();
  const sent = messages.filter((message) => message.out).slice(-3);
  assert.deepEqual(sent.map((message) => [message.kind, message.text]), [["photo", "С трёх сторон"], ["video", ""], ["photo", ""]]);
});

story("an image of any kind sent as a file is a photo to the bot, with its name, size and caption", async (chat) => {
  await chat.becomeNewCustomer(fresh("Инна"));
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.answersUpToPhotos("Lada Vesta");
  await chat.sendsFiles([picture("скан.png", 30)], { caption: "Как есть", asFile: true });
  const file = chat.page.locator(".message.out", { hasText: "скан.png" });
  await file.getByText("Как есть").waitFor();
  await file.locator("img").waitFor();
  await chat.hears("Принято фото: 1 из 10");
});

story("a text stays in the field until it has been accepted", async (chat) => {
  await chat.becomeNewCustomer(fresh("Клара"));
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.hears("Продать авто");
  const field = chat.page.locator("#text");
  await chat.page.route("**/api/chats/*/text", (route) => route.fulfill({ status: 500, json: { error: "Сейчас нельзя" } }));
  await field.fill("сколько стоит проверка");
  await field.press("Enter");
  await chat.page.locator(".toast", { hasText: "Сейчас нельзя" }).waitFor();
  assert.equal(await field.inputValue(), "сколько стоит проверка");
  await chat.page.unroute("**/api/chats/*/text");
  await field.press("Enter");
  await chat.page.locator(".message.out", { hasText: "сколько стоит проверка" }).waitFor();
  assert.equal(await field.inputValue(), "");
  chat.complaints = chat.complaints.filter((complaint) => !complaint.includes("500"));
});

story("whoever watches the newest messages goes on seeing them, however long they are", async (chat) => {
  await chat.becomeNewCustomer(fresh("Лев"));
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.hears("Продать авто");
  for (const length of [440, 220, 700]) await chat.types("Ы".repeat(length));
  await chat.page.locator("#messages > .message:not(.out)").nth(3).waitFor();
  await chat.page.waitForTimeout(800);
  assert.ok(await chat.page.locator("#log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 3));
  await chat.page.locator("#log").evaluate((log) => { log.scrollTop = 0; });
  await chat.page.getByRole("button", { name: "К последним сообщениям" }).click();
  await chat.page.locator("#to-bottom").waitFor({ state: "hidden" });
});

story("only web, mail and phone addresses can be opened, under a message too", async (chat) => {
  const links = await chat.page.evaluate(async () => {
    const { drawMessage } = await import("/assets/js/message.js");
    const button = (url) => [{ text: url, data: null, url }];
    const item = { id: 1, kind: "text", text: "", entities: [], media: [], at: 0, buttons: [button("javascript:alert(1)"), button("https://example.com/")] };
    return [...drawMessage(item, {}).querySelectorAll(".key")].map((key) => key.getAttribute("href"));
  });
  assert.deepEqual(links, [null, "https://example.com/"]);
});

story("a free question gets an answer, and the button leads into the form", async (chat) => {
  await chat.becomeNewCustomer(fresh("Денис"));
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.hears("Продать авто");
  await chat.types("хочу продать тойоту камри 2019 года, пробег 85 тысяч");
  await chat.page.locator("#messages > .message.out + .message:not(.out) .key").last().waitFor();
});

for (const aiIsDown of [false, true]) {
  story(`a recording fills the form, ${aiIsDown ? "without" : "with"} a model for texts`, async (chat) => {
    await chat.turns("ai_down", aiIsDown);
    const name = fresh("Жанна");
    await chat.becomeNewCustomer(name);
    await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
    await chat.hears("Здравствуйте!");
    await chat.speaks(2);
    await chat.hears("🎙 Я услышал: Продаю камри две тысячи девятнадцатого, пробег восемьдесят пять тысяч");
    await chat.hears("Поможем продать Toyota Camry");
    await chat.presses("🚗 Продать авто");
    await chat.presses("✅ Принять всё (3)");
    await chat.hears("Шаг 4 из 8");
    await chat.presses("На ваше усмотрение");
    await chat.hears("Как к вам обращаться?");
    await chat.types(name);
    await chat.hears("По какому номеру");
    await chat.sharesContact();
    const confirmation = (await chat.hears("Проверьте заявку")).replaceAll(/[\u00a0\u202f]/g, " ");
    for (const answer of ["Марка и модель: Toyota Camry", "Год выпуска: 2019", "Пробег: 85 000 км"]) assert.ok(confirmation.includes(answer), `${answer}: ${confirmation}`);
    const number = await chat.sends();

    await chat.opensTab("amoCRM");
    await chat.deals(name).first().click();
    const opened = chat.page.locator(".opened");
    await opened.getByText("Продаю камри две тысячи девятнадцатого, пробег восемьдесят пять тысяч (голосом)").waitFor();
    const sound = opened.locator(`[data-box="photos"] audio[title="${number}-voice-1.ogg"]`);
    await sound.waitFor();
    const recorded = await sound.evaluate(async (player) => {
      const file = await (await fetch(player.src)).arrayBuffer();
      return (await new OfflineAudioContext(1, 1, 48000).decodeAudioData(file)).duration;
    });
    assert.ok(recorded > 1 && recorded < 5, `the manager can hear it, ${recorded} s`);
    await chat.turns("ai_down", false);
  });
}

story("a recording that nothing is heard in gets a kind hint", async (chat) => {
  await chat.turns("voice_down", true);
  await chat.becomeNewCustomer(fresh("Зоя"));
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.hears("Здравствуйте!");
  await chat.speaks();
  await chat.hears("Не разобрал, что сказано в голосовом сообщении.");
  await chat.turns("voice_down", false);
});

story("the page remembers the chat and the tab over a reload", async (chat) => {
  const name = fresh("Ева");
  await chat.becomeNewCustomer(name);
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.hears("Продать авто");
  await chat.opensTab("Очередь");
  await chat.page.reload();
  await chat.page.locator(".person[aria-current=true]", { hasText: name }).waitFor();
  await chat.hears("Продать авто");
  await chat.page.getByText("Очередь пуста").waitFor();
});

story("in a narrow window chat and CRM are tabs, and nothing sticks out", async (chat) => {
  const page = chat.page;
  await page.locator("#bottom-tabs").getByRole("button", { name: "Чат" }).click();
  await page.locator(".person").last().click();
  await page.locator("#composer:visible, #big-button:visible").first().waitFor();
  for (const tab of ["CRM", "Заявки", "Очередь", "Поломки"]) {
    await page.locator("#bottom-tabs").getByRole("button", { name: tab }).click();
    await page.locator(".dealer").waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${tab} is ${overflow} pixels too wide`);
  }
  // In one go: the page hides the notice as soon as it hears from the stack.
  const { left, right } = await page.locator("#offline").evaluate((notice) => {
    notice.hidden = false;
    return notice.getBoundingClientRect();
  });
  assert.ok(left >= 0 && right > left && right <= 390, "the notice of a lost connection can be read");
}, { width: 390, height: 844 });

story("the keyboard alone is enough to open the menu and send a command", async (chat) => {
  await chat.becomeNewCustomer(fresh("Жанна"));
  await chat.page.keyboard.press("Escape");
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).focus();
  await chat.page.keyboard.press("Enter");
  await chat.hears("Продать авто");
  await chat.page.locator("#commands").focus();
  await chat.page.keyboard.press("Enter");
  await chat.page.getByRole("menuitem", { name: "/help" }).focus();
  await chat.page.keyboard.press("Enter");
  await chat.page.locator(".message.out", { hasText: "/help" }).waitFor();

  const press = chat.page.locator(`.message.out:has-text("/help") + .message .key`, { hasText: "🔍 Купить авто" });
  await press.focus();
  await press.press("Enter");
  await chat.hears("Шаг 1 из 8");
  assert.ok(await chat.page.evaluate(() => document.activeElement.matches(".message, .message *")), "the focus stays in the message that was pressed");
  await chat.page.keyboard.press("Tab");
  assert.equal(await chat.focused(), "🏠 В начало", "and Tab goes on to its buttons");
});

story("the button that opens a menu closes it", async (chat) => {
  await chat.page.locator(".person").first().click();
  for (const opener of ["#chat-more", "#attach:visible"]) {
    const button = chat.page.locator(opener);
    if (!(await button.count())) continue;
    await button.click();
    await chat.page.locator("#menu").waitFor();
    await button.click();
    await chat.page.locator("#menu").waitFor({ state: "hidden" });
    assert.equal(await button.getAttribute("aria-expanded"), "false");
  }
});

await playAll();
