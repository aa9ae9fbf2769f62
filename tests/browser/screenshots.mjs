// Plays a sale and takes the README's pictures of it: ./run.sh screenshots.mjs. With pngquant they take a third of the room.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ChatPage, openBrowser } from "./page.mjs";

const WIDE = { width: 1380, height: 900 };
const NARROW = { width: 390, height: 844 };
/** How long until colours that draw the eye to something new have faded, and pictures have come, in milliseconds. */
const CALM = 3000;

const url = process.argv[2];
if (!url) {
  console.error("usage: node screenshots.mjs URL [FOLDER]");
  process.exit(2);
}
const folder = process.argv[3] ?? fileURLToPath(new URL("../../docs/images", import.meta.url));
mkdirSync(folder, { recursive: true });

const browser = await openBrowser();
const chat = await ChatPage.open(browser, url, WIDE);
const page = chat.page;

/** The page as it is now, in a wide window and in a telephone's. */
async function show(name) {
  const pictures = [[name, WIDE], [`${name}-narrow`, NARROW]];
  for (const [file, size] of pictures) {
    await page.setViewportSize(size);
    // A telephone shows the dealer's side or the chat.
    if (!(await page.locator("#log").isVisible())) await page.locator("#bottom-tabs").getByRole("button", { name: "Чат" }).click();
    await page.locator("#log").evaluate((log) => { log.scrollTop = log.scrollHeight; });
    await page.waitForTimeout(CALM);
    await page.screenshot({ path: `${folder}/${file}.png` });
  }
  await page.setViewportSize(WIDE);
  const compressing = spawnSync("pngquant", ["--force", "--ext", ".png", "--skip-if-larger", ...pictures.map(([file]) => `${folder}/${file}.png`)]);
  if (compressing.error) console.log("without pngquant the pictures stay as large as they are");
}

await page.getByTitle("Анна", { exact: true }).click();
await page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
await chat.fillsSellForm({ car: "Toyota Camry", name: "Анна Смирнова" });
await chat.sends();
await chat.opensTab("amoCRM");
await page.locator(".deal", { hasText: "📷" }).first().waitFor();
await chat.deals("Анна").first().click();
await page.locator('[data-box="photos"] img').nth(3).waitFor();
await show("chat");

await page.getByTitle("Чат продаж", { exact: true }).click();
await page.locator(".topic", { hasText: "Анна" }).click();
await page.locator("#viewer").click();
await page.getByRole("menuitem", { name: "Пётр" }).click();
await chat.presses("🙋 Взять");
await chat.hears("✅ Взято: Пётр");
await chat.types("Здравствуйте, Анна! Когда удобно показать машину?");
await page.getByTitle("Анна", { exact: true }).click();
await chat.hears("Когда удобно показать машину?");
await chat.types("Завтра после 18:00");
await page.getByTitle("Чат продаж", { exact: true }).click();
await chat.hears("Завтра после 18:00");
await page.locator(".opened-title", { hasText: "Пётр" }).waitFor();
await show("group");

await browser.close();
console.log(`pictures are in ${folder}`);
