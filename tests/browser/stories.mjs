// Plays stories in a browser, one after the other: node SCRIPT URL

import assert from "node:assert/strict";
import { ChatPage, openBrowser, PATIENCE } from "./page.mjs";

const stories = [];

/** A story, played on the chat page in a window with these `options`. */
export const story = (name, play, options) => stories.push({ name, play, options });

/** Every story has a customer of its own, so that one's failure is not another's. */
export const fresh = (name) => `${name} ${Math.random().toString(36).slice(2, 6)}`;

/** Plays every story. The process fails if one does. */
export async function playAll() {
  const url = process.argv[2];
  if (!url) {
    console.error("usage: node SCRIPT URL");
    process.exit(2);
  }
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
}
