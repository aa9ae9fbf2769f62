// What the tests and the screenshots share: a browser, and a customer's hands on the chat page.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const BROWSERS = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** The longest that anything on the page may take, in milliseconds. */
export const PATIENCE = 15_000;
/** Between two acts of a person, in milliseconds: the bot takes five updates a second of one chat. */
const PACE = 220;

/** A browser without a network of its own. */
export function openBrowser() {
  const executablePath = BROWSERS.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium found: install it, or name it in CHROMIUM");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      // A microphone that beeps, and may be used.
      "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    ],
  });
}

/** The chat page in a window of its own. */
export class ChatPage {
  /** Opens the page; `complaints` collects errors of the page and requests that leave it. */
  static async open(browser, url, { width = 1440, height = 900, colorScheme = "light", scale = 1 } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale: "ru-RU", deviceScaleFactor: scale });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const chat = new ChatPage(page, context);
    page.on("pageerror", (error) => chat.complaints.push(`error on the page: ${error.message}`));
    page.on("console", (line) => { if (line.type() === "error") chat.complaints.push(`console: ${line.text()}`); });
    page.on("request", (request) => {
      if (/^https?:/.test(request.url()) && !request.url().startsWith(url.replace(/\/$/, ""))) chat.complaints.push(`request to ${request.url()}`);
    });
    await page.goto(url);
    await page.locator(".person").first().waitFor({ state: "attached" });
    return chat;
  }

  constructor(page, context) {
    this.page = page;
    this.context = context;
    this.complaints = [];
  }

  close() {
    return this.context.close();
  }

  /** Makes a new customer through the window «Новый клиент» and opens their chat. */
  async becomeNewCustomer(name) {
    const page = this.page;
    await page.locator("#new-customer").click();
    const window = page.getByRole("dialog", { name: "Новый клиент" });
    await window.getByLabel("Имя в Telegram").fill(name);
    await window.getByRole("button", { name: "Создать" }).click();
    await page.locator(".person[aria-current=true]", { hasText: name }).waitFor({ state: "attached" });
    await page.getByRole("button", { name: "ЗАПУСТИТЬ", exact: true }).waitFor();
  }

  /** The newest message of the bot. */
  get lastFromBot() {
    return this.page.locator(".message:not(.out)").last();
  }

  /** Waits until the newest message of the bot has this text. */
  async hears(text, patience = PATIENCE) {
    const message = this.page.locator("#messages > .message:not(.out)", { hasText: text });
    await message.last().waitFor({ timeout: patience });
    return message.last().innerText();
  }

  /** Types a text and sends it with Enter. */
  async types(text) {
    await this.page.waitForTimeout(PACE);
    await this.page.locator("#text").fill(text);
    await this.page.locator("#text").press("Enter");
    await this.page.locator(".message.out", { hasText: text }).last().waitFor();
  }

  /** Presses the newest button with this text, under a message or below the field. */
  async presses(text) {
    await this.page.waitForTimeout(PACE);
    const exact = new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);
    await this.page.locator(".key, .reply-key").filter({ hasText: exact }).last().click();
  }

  /** Records a voice message with the microphone and sends it. */
  async speaks(seconds = 1) {
    const messages = this.page.locator(".message.out .voice");
    const before = await messages.count();
    await this.page.getByRole("button", { name: "Записать голосовое сообщение" }).click();
    await this.page.locator("#send.recording").waitFor();
    await this.page.waitForTimeout(seconds * 1000);
    await this.page.locator("#send").click();
    await messages.nth(before).waitFor();
  }

  /** Words in the newest message of the bot that break over two lines. */
  brokenWords() {
    return this.lastFromBot.locator(".words").evaluate((words) => {
      const texts = document.createTreeWalker(words, NodeFilter.SHOW_TEXT);
      const broken = [];
      for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        for (const { index, 0: word } of node.data.matchAll(/\p{L}+/gu)) {
          const range = document.createRange();
          range.setStart(node, index);
          range.setEnd(node, index + word.length);
          if (new Set([...range.getClientRects()].map((line) => line.top)).size > 1) broken.push(word);
        }
      }
      return broken;
    });
  }

  /** Chooses a line of the attachments menu. */
  async attaches(text) {
    await this.page.getByRole("button", { name: "Прикрепить" }).click();
    await this.page.getByRole("menuitem", { name: text }).click();
  }

  /** Sends files from the disk through the window that asks for a caption. */
  async sendsFiles(files, { caption = "", asFile = false } = {}) {
    await this.page.locator("#files").setInputFiles(files);
    const window = this.page.getByRole("dialog");
    await window.getByLabel("Подпись").fill(caption);
    if (asFile) await window.getByRole("checkbox").check();
    await window.getByRole("button", { name: "Отправить" }).click();
    await window.waitFor({ state: "detached" });
  }

  /** The chosen chat as the stack has it. */
  stored() {
    return this.page.evaluate(async () => (await fetch(`/api/chats/${localStorage["carquery.chosen"]}`)).json());
  }

  /** What the focused control is called. */
  focused() {
    return this.page.evaluate(() => (document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent).trim());
  }

  /** Shares the customer's own contact with the button below the field. */
  async sharesContact() {
    await this.presses("📱 Поделиться контактом");
    await this.page.getByRole("dialog").getByRole("button", { name: "Поделиться контактом" }).click();
    await this.page.locator(".message.out .card").last().waitFor();
  }

  /** Answers the questions of «Продать авто» up to the photos. */
  async answersUpToPhotos(car, year = String(new Date().getFullYear() - 3)) {
    await this.presses("🚗 Продать авто");
    await this.hears("Шаг 1 из 8");
    await this.types(car);
    await this.hears("Шаг 2 из 8");
    await this.presses(year);
    await this.hears("Шаг 3 из 8");
    await this.types("85 тыс");
    await this.hears("Шаг 4 из 8");
    await this.types("1,5 млн");
    await this.hears("Шаг 5 из 8");
  }

  /** Answers the questions of «Продать авто» up to the confirmation. */
  async fillsSellForm({ car, name, photos = "Пример: альбом из 4 фото" }) {
    await this.answersUpToPhotos(car);
    await this.attaches(photos);
    await this.presses("✅ Готово");
    await this.hears("Шаг 6 из 8");
    await this.types(name);
    await this.hears("Шаг 7 из 8");
    await this.sharesContact();
    await this.hears("Шаг 8 из 8");
    await this.types("Один хозяин, обслуживался у дилера");
    await this.page.locator(".key", { hasText: "✅ Отправить" }).last().waitFor();
  }

  /** Presses «✅ Отправить» and returns the request's number. */
  async sends() {
    await this.presses("✅ Отправить");
    const number = /[0-9A-Z]{4}-[0-9A-Z]{4}/;
    const thanks = this.page.locator("#messages > .message:not(.out)", { hasText: number }).last();
    await thanks.waitFor();
    return (await thanks.innerText()).match(number)[0];
  }

  /** Opens a tab of the dealer's side. */
  opensTab(name) {
    return this.page.getByRole("tab", { name }).click();
  }

  /** Deal cards whose name has this text. */
  deals(text) {
    return this.page.locator(".deal", { hasText: text });
  }

  /** Turns a switch of «Поломки». */
  async turns(id, on) {
    await this.opensTab("Поломки");
    const control = this.page.locator(`[data-switch="${id}"]`);
    if ((await control.getAttribute("aria-checked")) !== String(on)) await control.click();
    await this.page.locator(`[data-switch="${id}"][aria-checked="${on}"]`).waitFor();
  }
}
