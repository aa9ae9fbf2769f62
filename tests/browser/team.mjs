// Stories of what comes after the deal: node team.mjs URL

import assert from "node:assert/strict";
import { fresh, playAll, story } from "./stories.mjs";

const NARROW = { width: 390, height: 844 };

/** Takes a picture of the page, if somebody wants to look at it. */
const show = (chat, name) => process.env.SCREENSHOTS && chat.page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });

/** Sends a request for legal help and opens its deal. */
async function opensDealOf(chat, name) {
  await chat.becomeNewCustomer(name);
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ", exact: true }).click();
  await chat.hears("Продать авто");
  await chat.presses("⚖️ Юридическая помощь");
  await chat.presses("Страхование (ОСАГО / КАСКО)");
  await chat.hears("Шаг 2 из 5");
  await chat.types("Нужен полис");
  await chat.hears("Шаг 3 из 5");
  await chat.sharesContact();
  await chat.hears("Шаг 5 из 5");
  await chat.presses("⏭ Пропустить");
  await chat.hears("Проверьте заявку");
  await chat.sends();
  await chat.opensTab("Заявки");
  await chat.page.locator(".request", { hasText: name }).locator(".chip.good", { hasText: "в amoCRM" }).waitFor();
  await chat.opensTab("amoCRM");
  await chat.deals(name).first().click();
  await chat.page.locator(".opened").waitFor();
}

/** Sets the stack's clock to the next morning: customers hear of stages between 9 and 21 h only. */
async function waitsForTheMorning(chat) {
  await chat.opensTab("Заявки");
  await chat.page.getByRole("button", { name: "До 9:00" }).click();
  await chat.page.locator(".clock", { hasText: /Часы салона: .* в 09:00/ }).waitFor();
  await chat.page.getByText("О сделках бот пишет клиентам").waitFor({ state: "detached" });
}

story("a manager moves a deal, and the customer hears of it", async (chat) => {
  await waitsForTheMorning(chat);
  await opensDealOf(chat, fresh("Мария"));
  await chat.page.locator('[data-choice="stage"]').selectOption({ label: "Созвонились · 3203" });
  await chat.hears("Менеджер уже занимается вашей заявкой");
  await show(chat, "stage-wide");
  await chat.page.locator('[data-choice="stage"]').selectOption({ label: "Закрыто и не реализовано: дорого" });
  await chat.page.locator(".chip.stage", { hasText: "Закрыто и не реализовано" }).waitFor();
});

story("a deal is moved at night, and the page says when the customer will hear of it", async (chat) => {
  await waitsForTheMorning(chat);
  for (let hour = 9; hour < 21; hour += 1) await chat.page.getByRole("button", { name: "+1 час" }).click();
  await chat.page.getByText("О сделках бот пишет клиентам только с 9 до 21").waitFor();
  await show(chat, "night-wide");
  await opensDealOf(chat, fresh("Вера"));
  await chat.page.locator('[data-choice="stage"]').selectOption({ label: "Созвонились · 3203" });
  await chat.page.getByText("клиент узнает завтра в 09:00").waitFor();
  await show(chat, "moved-at-night-wide");
  await chat.page.locator(".hint").getByRole("button", { name: "Перевести часы" }).click();
  await chat.hears("Менеджер уже занимается вашей заявкой");
  await chat.page.locator(".hint").waitFor({ state: "detached" });
});

story("a manager merges two deals, and deletes what is left", async (chat) => {
  const [kept, merged] = [fresh("Ирина"), fresh("Ирина")];
  await opensDealOf(chat, kept);
  const number = await chat.page.locator(".opened").getAttribute("data-opened");
  await chat.page.getByRole("button", { name: "Ко всем сделкам" }).click();
  await opensDealOf(chat, merged);
  const wide = chat.page.viewportSize();
  await chat.page.setViewportSize(NARROW);
  await show(chat, "merge-narrow");
  assert.ok(await chat.page.evaluate(() => document.documentElement.scrollWidth) <= NARROW.width, "nothing sticks out");
  await chat.page.setViewportSize(wide);
  await show(chat, "merge-wide");
  await chat.page.locator('[data-choice="merge"]').selectOption(number);
  await chat.page.locator(`[data-opened="${number}"]`).waitFor();
  await chat.page.locator('[data-box="note"]').nth(1).waitFor(); // the notes of both are there
  await chat.page.getByRole("button", { name: "Удалить сделку" }).click();
  await show(chat, "delete-wide");
  await chat.page.getByRole("button", { name: "Удалить", exact: true }).click();
  await chat.page.locator(".stagebar").waitFor();
  for (const name of [kept, merged]) await chat.deals(name).first().waitFor({ state: "detached" });
});

story("a hook that is lost is made up for when the clock goes on", async (chat) => {
  await opensDealOf(chat, fresh("Нина"));
  await chat.opensTab("Поломки");
  await chat.page.locator('[data-switch="crm_hooks"]').click();
  await chat.page.locator('[data-switch="crm_hooks"][aria-checked="true"]').waitFor();
  await chat.opensTab("amoCRM");
  await chat.page.locator('[data-choice="stage"]').selectOption({ label: "Созвонились · 3203" });
  await chat.page.locator(".opened .chip.stage", { hasText: "Созвонились" }).waitFor();
  await chat.opensTab("Заявки");
  await chat.page.getByRole("button", { name: "+1 час" }).click();
  await waitsForTheMorning(chat);
  await chat.hears("Менеджер уже занимается вашей заявкой");
  await show(chat, "clock-wide");
  await chat.opensTab("Поломки");
  await chat.page.locator('[data-switch="crm_hooks"]').click();
});

story("whoever takes a request in the sales group is responsible for its deal", async (chat) => {
  const name = fresh("Олег");
  await opensDealOf(chat, name);
  await chat.page.locator(".person", { hasText: "Чат продаж" }).click();
  await chat.hears(name);
  await chat.page.locator("#viewer").click();
  await chat.page.getByRole("menuitem", { name: "Пётр" }).click();
  await chat.presses("🙋 Взять");
  await chat.hears("✅ Взято: Пётр");
  await chat.page.locator(".opened-title", { hasText: "Пётр" }).waitFor();
  await show(chat, "taken-wide");
});

story("the team writes in the sales group, in a narrow window too", async (chat) => {
  const page = chat.page;
  await page.locator("#bottom-tabs").getByRole("button", { name: "Чат" }).click();
  await page.locator(".person", { hasText: "Чат продаж" }).click();
  await page.locator("#chat-status", { hasText: "2 участника и бот" }).waitFor();
  await chat.types("Коллеги, я на месте");
  await page.locator("#viewer").click();
  await page.getByRole("menuitem", { name: "Пётр" }).click();
  await chat.types("И я");
  await page.locator(".message:not(.out)", { hasText: "Коллеги, я на месте" }).locator(".author", { hasText: "Ольга" }).waitFor();
  await show(chat, "group-narrow");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= NARROW.width, "nothing sticks out");
}, NARROW);

await playAll();
