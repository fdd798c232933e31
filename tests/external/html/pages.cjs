// Opens each page as a reader does, and looks at what it did, whether everybody can read it, and whether the search works.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");

const work = process.argv[2];
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// A page in a context of its own, with everything that it did besides being shown.
async function opened(browser, name, colorScheme) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1100, height: 1600 } });
  const page = await context.newPage();
  const did = [];
  const own = "file://" + path.join(work, name);
  page.on("request", (request) => request.url().split("#")[0] === own || did.push("asked for " + request.url()));
  page.on("dialog", (dialog) => { did.push("dialog " + dialog.message()); dialog.dismiss(); });
  page.on("console", (message) => did.push("console " + message.text()));
  page.on("pageerror", (error) => did.push("error " + error.message));
  page.on("popup", () => did.push("popup"));
  await page.goto(own, { waitUntil: "load" });
  return { context, page, did };
}

async function isHarmless(browser, name) {
  const { context, page, did } = await opened(browser, name, "light");
  await page.mouse.move(400, 400);
  await page.waitForTimeout(300);
  const found = await page.evaluate(() => ({
    pwned: typeof window.pwned,
    loads: document.querySelectorAll("img,iframe,object,embed,link,base,form,video,audio,svg script,[src],[srcdoc],[style]").length,
    scripts: document.scripts.length,
    styles: document.querySelectorAll("style").length,
    handlers: [...document.querySelectorAll("*")].filter((one) => one.getAttributeNames().some((name) => name.startsWith("on"))).length,
    links: [...document.links].filter((link) => !/^(#|https:\/\/(portal\.azure\.com\/#resource\/|entra\.microsoft\.com\/#view\/|github\.com\/))/.test(link.getAttribute("href"))).length,
    refreshes: document.querySelectorAll("meta[http-equiv=refresh]").length,
  }));
  assert.deepEqual(found, { pwned: "undefined", loads: 0, scripts: 1, styles: 1, handlers: 0, links: 0, refreshes: 0 }, name);
  assert.deepEqual(did, [], name);
  await context.close();
}

async function isReadableByEverybody(browser, name, colorScheme) {
  const { context, page } = await opened(browser, name, colorScheme);
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = result.violations.map((one) => one.id + ": " + one.help + " " + one.nodes.slice(0, 3).map((node) => node.html).join(" "));
  assert.deepEqual(told, [], name + " " + colorScheme);
  await page.screenshot({ path: path.join(work, `${name}.${colorScheme}.png`) });
  for (const part of ["activity", "findings", "gaps", "controls", "verify"]) {
    const section = page.locator("#" + part);
    if (await section.count()) {
      await section.scrollIntoViewIfNeeded();
      await page.evaluate((id) => document.getElementById(id).scrollIntoView(), part);
      await page.screenshot({ path: path.join(work, `${name}.${colorScheme}.${part}.png`) });
    }
  }
  await context.close();
}

async function hasASearchThatWorks(browser, name, all) {
  const { context, page } = await opened(browser, name, "light");
  const [text, step, severity] = await page.locator("#filter input, #filter select").all();
  const rows = () => page.evaluate(() => [...document.querySelectorAll("article:not([hidden]) tbody tr:not([hidden])")]
    .map((row) => ({ text: row.textContent, severity: row.className, step: row.closest("article").dataset.step })));
  const says = (count) => page.waitForFunction((count) => document.getElementById("shown").textContent.startsWith(count + " "), count);
  const total = (await rows()).length;
  assert.ok(total >= all, `${name} shows ${total}`);

  await severity.selectOption("critical");
  const critical = await rows();
  assert.ok(critical.length > 0 && critical.length < total && critical.every((row) => row.severity === "critical"));
  await says(critical.length);
  await severity.selectOption("");

  const steps = await step.locator("option").evaluateAll((options) => options.map((option) => option.value).filter(Boolean));
  for (const value of steps) {
    await step.selectOption(value);
    assert.ok((await rows()).every((row) => row.step === value), value);
  }
  await step.selectOption("");

  const started = Date.now();
  await text.fill("zzz-nothing-is-called-this");
  await says(0);
  console.log(`${name}: a search over ${total} findings took ${Date.now() - started} ms`);
  await text.fill("");
  await says(total);
  await context.close();
}

async function printsWell(browser, name) {
  const { context, page } = await opened(browser, name, "dark");
  await page.pdf({ path: path.join(work, `${name}.pdf`), format: "A4" });
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator("#filter").isHidden());
  const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(back, "rgb(255, 255, 255)");
  await context.close();
}

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  for (const name of ["demo.html", "redacted.html", "hostile.html", "many.html"]) {
    await isHarmless(browser, name);
  }
  for (const name of ["demo.html", "hostile.html"]) {
    for (const colorScheme of ["light", "dark"]) {
      await isReadableByEverybody(browser, name, colorScheme);
    }
    await printsWell(browser, name);
  }
  await hasASearchThatWorks(browser, "demo.html", 50);
  await hasASearchThatWorks(browser, "many.html", 10000);
  assert.ok(fs.statSync(path.join(work, "many.html")).size < 5e6);
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
