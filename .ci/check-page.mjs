// Opens HTML reports in Chromium: content, filters, state in the URL, keyboard, copy buttons, accessibility, hostile text.
//
// usage: node check-page.mjs MODULES CHROMIUM OUT NAME=FILE...
//
// MODULES is a folder with `node_modules`. Screenshots and a PDF of each page are written to OUT. A page named `hostile…`
// comes from a registry whose responses are hostile; one named `compare…` is a comparison, which has no filters. Those
// named `site…` are pages of a site; `site-index` is its first one.

import { createRequire } from "node:module";
import { readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, executablePath, out, ...pages] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const problems = [];

function hold(condition, message) {
  if (!condition) {
    problems.push(message);
  }
}

/** Opens a page in a context of its own, and records everything that it must not do. */
async function open(browser, name, url, options) {
  const context = await browser.newContext(options);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.on("console", (message) => {
    hold(message.type() !== "error" && message.type() !== "warning", `${name}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => hold(false, `${name}: ${error}`));
  page.on("dialog", (dialog) => {
    hold(false, `${name}: a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const isOwn = request.url().split("#")[0] === url || request.url().startsWith("data:");
    hold(isOwn, `${name}: a request: ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, help, nodes } of violations) {
    hold(false, `${name}: axe: ${id}: ${help}: ${nodes.length} × ${nodes[0].html.slice(0, 200)}`);
  }
}

const visible = (page, selector) => page.locator(selector).filter({ visible: true }).count();

/** Waits until no filter hides a row. */
async function unfiltered(page) {
  await page.waitForFunction(() => !document.querySelector(".results > li[hidden]"));
}

/** Every filter shows exactly the rows that match, and the view is in the URL. */
async function filters(page, name, url) {
  const all = await page.locator(".results > li").count();
  const outcomes = await page.locator("#filter [name=outcome]").evaluateAll((boxes) => boxes.map((box) => box.value));
  for (const outcome of outcomes) {
    const box = page.locator(`#filter [name=outcome][value=${outcome}]`);
    await box.check();
    const wanted = await page.locator(`.results > li[data-o~=${outcome}]`).count();
    const found = await visible(page, ".results > li");
    hold(found === wanted && wanted > 0, `${name}: ${found} rows are ${outcome}, expected ${wanted}`);
    hold(page.url().endsWith(`#outcome=${outcome}`), `${name}: the URL is ${page.url()}`);
    await box.uncheck();
  }
  await page.selectOption("#filter [name=area]", "upload");
  const uploads = await page.locator(".results > li[data-a=upload]").count();
  hold((await visible(page, ".results > li")) === uploads, `${name}: area`);
  await page.selectOption("#filter [name=level]", "SHOULD");
  const should = await page.locator(".results > li[data-a=upload][data-l=SHOULD]").count();
  hold((await visible(page, ".results > li")) === should, `${name}: level`);
  await page.reload();
  hold((await visible(page, ".results > li")) === should, `${name}: the view after a reload`);
  await page.click("#filter [type=reset]");
  await unfiltered(page);
  await page.selectOption("#filter [name=helm]", "4.3+");
  const helm = await page.locator('.results > li[data-e~="4.3+"]').count();
  hold((await visible(page, ".results > li")) === helm && helm > 0, `${name}: Helm version`);
  await page.goto(`${url}#text=blob+length`);
  const found = await visible(page, ".results > li");
  hold(found > 0 && found < all, `${name}: ${found} rows contain a text`);
  hold((await page.inputValue("#filter [name=text]")) === "blob length", `${name}: the text of the URL`);
  await page.goto(`${url}#`);
  await unfiltered(page);
}

/** Every filter of the first page of a site shows exactly the rows that match, and the view is in the URL. */
async function siteFilters(page, name, url) {
  const rows = "#results tr[data-o]";
  for (const outcome of ["breaks", "unknown", "works"]) {
    await page.goto(`${url}#outcome=${outcome}`);
    const wanted = await page.locator(`${rows}[data-o~=${outcome}]`).count();
    const found = await visible(page, rows);
    hold(found === wanted && wanted > 0, `${name}: ${found} rows are ${outcome}, expected ${wanted}`);
  }
  await page.click("#filter [type=reset]");
  await page.waitForFunction(() => !document.querySelector("tr[data-o][hidden]"));
  for (const [field, key, value] of [["helm", "e", "4.3+"], ["flow", "f", "push"]]) {
    await page.selectOption(`#filter [name=${field}]`, value);
    const wanted = await page.locator(`${rows}[data-${key}~="${value}"]`).count();
    await page.reload();
    const found = await visible(page, rows);
    hold(found === wanted && wanted > 0, `${name}: ${found} rows with ${field} ${value}, expected ${wanted}`);
    await page.selectOption(`#filter [name=${field}]`, "");
  }
  await page.goto(`${url}#text=example+push`);
  const found = await visible(page, rows);
  hold(found > 0 && found < (await page.locator(rows).count()), `${name}: ${found} rows contain a text`);
  await page.goto(`${url}#`);
}

/** From a cell to the evidence in two clicks, with the pointer and with the keyboard. */
async function evidence(page, name, url) {
  await page.goto(`${url}#`);
  const cell = page.locator("#versions a:has(.breaks)").first();
  if ((await cell.count()) === 0) {
    return;
  }
  await cell.click();
  if ((await visible(page, "#targets details[open] a:has(.breaks)")) > 0) {
    await page.locator("#targets details[open] a:has(.breaks)").first().click();
  }
  const at = page.locator(".at");
  hold((await at.count()) === 1, `${name}: a cell leads nowhere: ${page.url()}`);
  hold(await at.isVisible(), `${name}: the evidence is hidden`);
  hold((await at.locator(".wire").filter({ visible: true }).count()) > 0, `${name}: no exchange is unfolded`);
  hold((await at.locator("mark").count()) > 0, `${name}: nothing is marked`);
}

async function keyboard(page, name, url) {
  await page.goto(`${url}#`);
  await page.keyboard.press("/");
  hold(await page.evaluate(() => document.activeElement.name === "text"), `${name}: / leads to the search`);
  await page.keyboard.type("blob");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const isOpen = await page.evaluate(() => document.activeElement.matches(".results > li > details[open] > summary"));
  hold(isOpen, `${name}: Enter unfolds a row`);
  const copy = page.locator("#targets .copy").first();
  await page.evaluate(() => document.querySelectorAll("#targets details").forEach((one) => (one.open = true)));
  await copy.locator("+ button").click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  hold(copied === (await copy.textContent()), `${name}: copied ${copied}`);
}

async function harmless(page, name) {
  // Playwright leaves empty style attributes.
  const state = await page.evaluate(() => ({
    ran: "hostile" in globalThis,
    scripts: document.scripts.length,
    elements: [...document.querySelectorAll("img, iframe, object, embed, svg, math, base, [onerror], [onload], [style]:not([style=''])")].map(
      (element) => element.outerHTML.slice(0, 100),
    ),
    links: [...document.links].filter((link) => !/^(https?|file):/.test(link.href)).map((link) => link.href),
    raw: /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText),
  }));
  hold(!state.ran, `${name}: a script of the registry ran`);
  hold(state.scripts === 1 && state.elements.length === 0, `${name}: foreign elements: ${JSON.stringify(state)}`);
  hold(state.links.length === 0, `${name}: links: ${state.links}`);
  hold(!state.raw, `${name}: a control character is not escaped`);
}

async function check(browser, name, file) {
  const url = pathToFileURL(file).href;
  for (const colorScheme of ["light", "dark"]) {
    for (const [kind, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
      const page = await open(browser, name, url, { viewport, colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: `${out}/${name}-${kind}-${colorScheme}.png` });
      await page.screenshot({ path: `${out}/${name}-${kind}-${colorScheme}-full.png`, fullPage: true });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      hold(overflow <= 0, `${name}: ${overflow} pixels too wide on a ${kind}`);
      await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
      await harmless(page, name);
      await accessible(page, `${name} ${kind} ${colorScheme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      hold(wide <= 0, `${name}: ${wide} pixels too wide on a ${kind}, unfolded`);
      await page.context().close();
    }
  }
  const page = await open(browser, name, url, { viewport: DESKTOP, reducedMotion: "reduce" });
  if (name === "site-index") {
    await siteFilters(page, name, url);
  }
  if (!/^(hostile|compare|site)/.test(name)) {
    await filters(page, name, url);
    await evidence(page, name, url);
    await page.screenshot({ path: `${out}/${name}-evidence.png` });
    await keyboard(page, name, url);
  }
  await page.goto(`${url}#`);
  await page.pdf({ path: `${out}/${name}.pdf` });
  await page.context().close();
  const plain = await open(browser, name, url, { javaScriptEnabled: false });
  hold(await plain.locator("h1").isVisible(), `${name}: the verdict without scripts`);
  hold(!(await plain.locator("#filter").isVisible()), `${name}: filters without scripts`);
  await plain.context().close();
  console.log(`${name}: ${statSync(file).size} bytes`);
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const page of pages) {
  const [name, file] = page.split("=");
  await check(browser, name, file);
}
await browser.close();
for (const problem of problems) {
  console.error(`WRONG: ${problem}`);
}
process.exitCode = problems.length ? 1 : 0;
