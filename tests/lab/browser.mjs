// Opens a page in Chromium and prints, as JSON, what a reader of it would notice.
// node browser.mjs URL light|dark WIDTH SCREENSHOT
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [url, theme, width, screenshot] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "hacienda-browser-"));
const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
const chromium = spawn("chromium", [...options, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });

// Runs in the page: every text that is shown, with its contrast as WCAG computes it.
function contrasts() {
  const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const paper = (element) => {
    for (let one = element; one; one = one.parentElement) {
      if (one.namespaceURI.endsWith("svg")) {
        const shape = one.querySelector(":scope > polygon, :scope > path");
        if (shape && one.matches("g.node, g.cluster")) return parse(getComputedStyle(shape).fill);
        continue;
      }
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.getClientRects().length || ["title", "desc", "style"].includes(element.localName)) continue;
    const style = getComputedStyle(element);
    const ink = parse(element.localName === "text" ? style.fill : style.color);
    const [dark, bright] = [light(ink), light(paper(element))].sort((a, b) => a - b);
    found.push({ text: element.textContent.trim().slice(0, 60), ratio: (bright + 0.05) / (dark + 0.05) });
  }
  return found;
}

// Runs in the page: what has the focus.
function focus() {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const outline = getComputedStyle(one).outlineStyle;
  const name = one.getAttribute("aria-label") ?? one.textContent.trim().slice(0, 60);
  return { tag: one.localName, name, href: one.getAttribute("href"), outline, open: one.parentElement?.open ?? null };
}

async function main() {
  const address = await new Promise((resolve, reject) => {
    let said = "";
    chromium.stderr.on("data", (data) => {
      said += data;
      const match = said.match(/DevTools listening on (ws:\S+)/);
      if (match) resolve(match[1]);
    });
    chromium.on("exit", () => reject(new Error(`chromium ended: ${said}`)));
    chromium.on("error", reject);
  });
  const socket = new WebSocket(address);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  let number = 0;
  const waiting = new Map();
  const events = [];
  const seen = new Map();
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if (message.id) return waiting.get(message.id)(message);
    events.push(message);
    seen.get(message.method)?.();
  });
  let session;
  const send = (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++number;
      waiting.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result)));
      socket.send(JSON.stringify({ id, method, params, sessionId: session }));
    });
  const run = async (code) => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", { expression: code, returnByValue: true });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  };
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  session = (await send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  for (const domain of ["Page", "Runtime", "Log", "Network", "Audits"]) await send(`${domain}.enable`);
  await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: theme }] });
  await send("Emulation.setDeviceMetricsOverride", { width: +width, height: 900, deviceScaleFactor: 1, mobile: false });
  const loaded = new Promise((resolve) => seen.set("Page.loadEventFired", resolve));
  await send("Page.navigate", { url });
  await loaded;

  const stops = [];
  for (let count = 0; count < 400; count++) {
    await send("Input.dispatchKeyEvent", { type: "keyDown", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
    await send("Input.dispatchKeyEvent", { type: "keyUp", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
    const stop = await run(`(${focus})()`);
    if (!stop) break;
    // Enter opens what is folded, and what is inside comes next.
    if (stop.tag === "summary" && !stop.open) {
      await send("Input.dispatchKeyEvent", { type: "keyDown", key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, text: "\r" });
      await send("Input.dispatchKeyEvent", { type: "keyUp", key: "Enter", code: "Enter", windowsVirtualKeyCode: 13 });
      stop.opened = (await run(`(${focus})()`)).open;
    }
    stops.push(stop);
  }
  const told = {
    stops,
    folds: await run("document.querySelectorAll('details').length"),
    open: await run("document.querySelectorAll('details[open]').length"),
    contrasts: await run(`(${contrasts})()`),
    overflow: await run("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
    paper: await run("getComputedStyle(document.body).backgroundColor"),
    requests: events.filter((one) => one.method === "Network.requestWillBeSent").map((one) => one.params.request.url),
    complaints: events
      .filter((one) => ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Audits.issueAdded"].includes(one.method))
      .map((one) => JSON.stringify(one.params)),
  };
  const { data } = await send("Page.captureScreenshot", { captureBeyondViewport: true });
  writeFileSync(screenshot, Buffer.from(data, "base64"));
  console.log(JSON.stringify(told));
  socket.close();
}

let failed = 0;
await main().catch((error) => {
  console.error(error);
  failed = 1;
});
chromium.removeAllListeners("exit");
const gone = new Promise((resolve) => chromium.on("exit", resolve));
if (chromium.exitCode === null) {
  chromium.kill();
  await gone;
}
rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
process.exit(failed);
