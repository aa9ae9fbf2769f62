// Plays a dialog and takes the README's picture of it: node screenshots.mjs URL [FOLDER]

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ChatPage, openBrowser } from "./page.mjs";

const url = process.argv[2];
if (!url) {
  console.error("usage: node screenshots.mjs URL [FOLDER]");
  process.exit(2);
}
const folder = process.argv[3] ?? fileURLToPath(new URL("../../docs/images", import.meta.url));
mkdirSync(folder, { recursive: true });

const browser = await openBrowser();
const chat = await ChatPage.open(browser, url, { width: 1380, height: 900 });
const page = chat.page;

await page.locator(".person", { hasText: "Анна" }).first().click();
await page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
await chat.fillsSellForm({ car: "Toyota Camry", name: "Анна Смирнова" });
await chat.sends();
await chat.opensTab("amoCRM");
await chat.deals("Анна").first().waitFor();
await page.locator(".deal", { hasText: "📷" }).first().waitFor();
await page.waitForTimeout(3000); // the flash of the new card fades
await chat.deals("Анна").first().click();
await page.locator('[data-box="photos"] img').nth(3).waitFor();
await page.locator("#log").evaluate((log) => { log.scrollTop = log.scrollHeight; });
await page.waitForTimeout(600);
await page.screenshot({ path: `${folder}/chat.png` });

await page.setViewportSize({ width: 390, height: 844 });
await page.locator("#bottom-tabs").getByRole("button", { name: "Чат" }).click();
await page.waitForTimeout(600);
await page.screenshot({ path: `${folder}/chat-narrow.png` });

await browser.close();
console.log(`pictures are in ${folder}`);
