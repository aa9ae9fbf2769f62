// Stories played on the chat page in a real browser: node dialog.mjs URL

import assert from "node:assert/strict";
import { ChatPage, openBrowser, PATIENCE } from "./page.mjs";

const url = process.argv[2];
if (!url) {
  console.error("usage: node dialog.mjs URL");
  process.exit(2);
}

const stories = [];
const story = (name, play, options) => stories.push({ name, play, options });

/** Every story has a customer of its own, so that one's failure is not another's. */
const fresh = (name) => `${name} ${Math.random().toString(36).slice(2, 6)}`;

story("a car is sold with an album and a shared contact, and the deal is in amoCRM", async (chat) => {
  const name = fresh("Алексей");
  await chat.becomeNewCustomer(name);
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.fillsSellForm({ car: "Toyota Camry", name });
  assert.equal(await chat.page.locator(".album .photo").count(), 4, "the album is one bubble of four photos");
  const confirmation = await chat.lastFromBot.innerText();
  for (const answer of ["Toyota Camry", "85 000", "1 500 000", name]) assert.ok(confirmation.replaceAll(/[\u00a0\u202f]/g, " ").includes(answer), `the confirmation shows ${answer}`);
  const number = await chat.sends();

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

story("a free question gets an answer, and the button leads into the form", async (chat) => {
  await chat.becomeNewCustomer(fresh("Денис"));
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.hears("Продать авто");
  await chat.types("хочу продать тойоту камри 2019 года, пробег 85 тысяч");
  await chat.page.locator("#messages > .message.out + .message:not(.out) .key").last().waitFor();
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
});

const browser = await openBrowser();
let failed = 0;
for (const { name, play, options } of stories) {
  const chat = await ChatPage.open(browser, url, options);
  try {
    await play(chat);
    assert.deepEqual(chat.complaints, [], "the page is quiet and calls nobody else");
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n        ${String(error.message).split("\n").slice(0, 12).join("\n        ")}`);
    if (process.env.SCREENSHOTS) await chat.page.screenshot({ path: `${process.env.SCREENSHOTS}/failed-${failed}.png`, timeout: PATIENCE }).catch(() => {});
  } finally {
    await chat.close();
  }
}
await browser.close();
console.log(`${stories.length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
