// Stories of where customers come from, what they agree to, and how they come back to a form: node forms.mjs URL

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fresh, playAll, story } from "./stories.mjs";

const NARROW = { width: 390, height: 844 };
/** The reminder comes after twelve seconds. */
const REMINDER_PATIENCE = 40_000;

/** Takes a picture of the page, if somebody wants to look at it. */
const show = (chat, name) => process.env.SCREENSHOTS && chat.page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });

/** What `carquery links make` prints and draws. */
function makeLink(...parts) {
  const folder = mkdtempSync(join(tmpdir(), "carquery-link-"));
  try {
    const svg = join(folder, "code.svg");
    const printed = execFileSync(process.env.CARQUERY_BIN, ["links", "make", "--bot", "carquery_bot", "--svg", svg, "--json", ...parts]);
    return { ...JSON.parse(printed), picture: readFileSync(svg, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How many light and dark points a picture has, and whether its edge is light all around. */
function look(page, picture) {
  return page.evaluate(async (picture) => {
    const image = new Image();
    image.src = `data:image/svg+xml;base64,${btoa(picture)}`;
    await image.decode();
    const side = image.naturalWidth;
    const canvas = Object.assign(document.createElement("canvas"), { width: side, height: image.naturalHeight });
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const isDark = (x, y) => context.getImageData(x, y, 1, 1).data[0] < 128;
    const points = [...Array(side).keys()];
    return {
      isSquare: side === image.naturalHeight && side >= 200,
      hasMargin: points.every((at) => !isDark(at, 0) && !isDark(0, at) && !isDark(at, side - 1) && !isDark(side - 1, at)),
      dark: points.filter((at) => isDark(at, at)).length / side,
    };
  }, picture);
}

/** Starts the bot and follows a link with this payload. */
async function follows(chat, name, payload) {
  await chat.becomeNewCustomer(name);
  await chat.page.getByRole("button", { name: "ЗАПУСТИТЬ" }).click();
  await chat.hears("Продать авто");
  await chat.types(`/start ${payload}`);
}

/** Answers the questions of «Юридическая помощь» up to the consent. */
async function answersUpToConsent(chat) {
  await chat.presses("Страхование (ОСАГО / КАСКО)");
  await chat.hears("Шаг 2 из 5");
  await chat.types("Нужен полис");
  return chat.hears("сначала спрошу согласие");
}

story("a link with its code opens a form, and the deal says where the customer came from", async (chat) => {
  const { link, picture } = makeLink("--source", "avito", "--branch", "legal");
  assert.equal(link, "https://t.me/carquery_bot?start=s_avito__b_legal");
  const seen = await look(chat.page, picture);
  assert.ok(seen.isSquare && seen.hasMargin && seen.dark > 0.2 && seen.dark < 0.8, JSON.stringify(seen));

  const name = fresh("Мария");
  await follows(chat, name, new URL(link).searchParams.get("start"));
  await chat.hears("Юридическая помощь · Шаг 1 из 5");
  await answersUpToConsent(chat);
  await chat.presses("✅ Согласен");
  await chat.hears("Шаг 3 из 5");
  await show(chat, "name-wide");
  await chat.sharesContact();
  await chat.hears("Шаг 5 из 5");
  await chat.presses("⏭ Пропустить");
  await chat.hears("Проверьте заявку");
  await chat.sends();

  await chat.opensTab("amoCRM");
  await chat.deals(name).first().click();
  const opened = chat.page.locator(".opened");
  await opened.locator('[data-box="note"]').first().waitFor();
  const card = await opened.innerText();
  for (const shown of ["Пришёл по ссылке: avito", "номер подтверждён Telegram", "Согласие на обработку данных"]) assert.ok(card.includes(shown), `the card shows ${shown}`);
  await show(chat, "deal-wide");
});

story("in a narrow window the consent has a screen of its own, and no word of it breaks", async (chat) => {
  await chat.page.locator("#bottom-tabs").getByRole("button", { name: "Чат" }).click();
  await follows(chat, fresh("Нина"), "b_legal");
  await answersUpToConsent(chat);
  assert.deepEqual(await chat.brokenWords(), []);
  await show(chat, "consent-narrow");
  await chat.presses("Не сейчас");
  await chat.hears("Продать авто");
  await chat.presses("⚖️ Юридическая помощь");
  await answersUpToConsent(chat);
  await chat.presses("✅ Согласен");
  await chat.hears("Шаг 3 из 5");
  await show(chat, "name-narrow");
  await chat.types("Нина");
  await chat.hears("Шаг 4 из 5");
  await chat.sharesContact();
  await chat.hears("Шаг 5 из 5");
  await chat.presses("⏭ Пропустить");
  await chat.hears("Проверьте заявку");
  assert.deepEqual(await chat.brokenWords(), []);
  await show(chat, "confirmation-narrow");
}, NARROW);

story("who is reminded goes on where the form was left, and that makes one deal", async (chat) => {
  const name = fresh("Олег");
  await follows(chat, name, "b_legal");
  await answersUpToConsent(chat);
  await chat.presses("✅ Согласен");
  await chat.hears("Шаг 3 из 5");
  await chat.hears("Вы начали заявку", REMINDER_PATIENCE);
  await show(chat, "reminder-wide");
  await chat.presses("▶️ Продолжить");
  await chat.page.locator(".reply-key", { hasText: "Поделиться контактом" }).waitFor();
  await chat.types(name);
  await chat.hears("Шаг 4 из 5");
  await chat.sharesContact();
  await chat.hears("Шаг 5 из 5");
  await chat.presses("⏭ Пропустить");
  await chat.hears("Проверьте заявку");
  await chat.sends();
  await chat.opensTab("amoCRM");
  await chat.deals(name).first().waitFor();
  assert.equal(await chat.deals(name).count(), 1);
});

await playAll();
