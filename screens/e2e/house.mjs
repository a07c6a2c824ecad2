// The running restaurant as the stories see it: its API, its faults, its browser.
//
// TRIVET_READY names the file that describes it (`cargo xtask demo --headless --ready FILE`).
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

const path = process.env.TRIVET_READY;
assert.ok(path, "TRIVET_READY must name the ready file of a running restaurant");
export const ready = JSON.parse(readFileSync(path, "utf8"));

const STORY_MS = 45_000;
/** How long a screen may take to show what it must show. */
const SHOWN_MS = 8_000;
const POLL_MS = 50;

// ---- the API, as any client may use it

const logins = new Map();

/** Logs in once per person and replica. */
function login(role, url) {
  const place = `${role} ${url}`;
  if (!logins.has(place)) logins.set(place, logInNow(role, url));
  return logins.get(place);
}

async function logInNow(role, url) {
  const { login, password } = ready.users[role];
  const answer = await send(`${url}/api/v1/auth/login`, "POST", { login, password });
  return { token: answer.accessToken, expiresAt: Date.now() + answer.expiresIn * 1000, person: answer.person };
}

async function send(url, method, body, token) {
  const response = await fetch(url, {
    method,
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": randomUUID(),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${url} ${JSON.stringify(body)}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

export async function api(role, method, where, body, at = ready.edge_url) {
  const { token } = await login(role, at);
  return send(`${at}/api/v1${where}`, method, body, token);
}

/** A file of the API, as its text. */
export async function file(role, where, at = ready.edge_url) {
  const { token } = await login(role, at);
  const response = await fetch(`${at}/api/v1${where}`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(response.status, 200, where);
  return response.text();
}

export async function menuItem(name, at = ready.edge_url) {
  const { items } = await api("manager", "GET", "/pos/menu", undefined, at);
  return found(items, name);
}

export async function probe(name) {
  const { probes } = await api("manager", "GET", "/haccp/probes");
  return found(probes, name);
}

function found(things, name) {
  const thing = things.find((each) => each.name === name);
  assert.ok(thing, `there is no "${name}" among ${things.map((each) => each.name)}`);
  return thing;
}

/** A table that no other order has. */
const newTable = () => `e${randomBytes(4).toString("hex")}`;

export async function ordersAt(table) {
  const { orders } = await api("waiter", "GET", "/pos/orders?limit=200");
  return orders.filter((order) => order.tableNumber === table);
}

/** Makes an order without a screen and sends it; gives the order and its tickets. */
export async function placeOrder(table, ...lines) {
  const items = await Promise.all(
    lines.map(async ({ name, quantity = 1, ...rest }) => ({ menuItemId: (await menuItem(name)).id, quantity, ...rest })),
  );
  const order = await api("waiter", "POST", "/pos/orders", { orderType: "dine_in", tableNumber: table, items });
  return api("waiter", "POST", `/pos/orders/${order.id}/send-to-kitchen`);
}

export const ticketStep = (ticket, step) => api("cook", "POST", `/kitchen/orders/${ticket.id}/${step}`);

async function finish(order) {
  const { orders: tickets } = await api("cook", "GET", "/kitchen/orders");
  for (const ticket of tickets) {
    if (ticket.customerServiceOrderId !== order.id) continue;
    if (ticket.status !== "ready") await ticketStep(ticket, "complete");
  }
  const { status } = await api("waiter", "GET", `/pos/orders/${order.id}`);
  const next = { ready: "completed", new: "cancelled", pending: "cancelled" }[status];
  if (next) await api("waiter", "PUT", `/pos/orders/${order.id}/status`, { status: next });
}

async function fault(control, order) {
  const response = await fetch(control, { method: "POST", body: JSON.stringify(order) });
  assert.ok(response.ok, `${control}: ${await response.text()}`);
}

/** Asks again and again until the answer will do; the answer. */
export async function until(what, ask, within = SHOWN_MS) {
  const end = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, `waited ${within} ms until ${what}`);
    await pause(POLL_MS);
  }
}

// ---- the browser

let launched;
const shots = [];

export const browser = () =>
  (launched ??= chromium.launch({
    executablePath: process.env.TRIVET_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  }));

after(async () => {
  if (launched) await (await launched).close();
  for (const shot of shots) console.error(`screenshot: ${shot}`);
});

/** What one story opens and breaks; all of it is put right when it ends. */
class Scene {
  pages = [];
  errors = [];
  #contexts = [];
  #undo = [];
  #allowed = [];
  #tables = [];

  /** A page of a person who has logged in already; without a role, the login form. */
  async open(role, where, { at = ready.edge_url, touch = false, size = [1280, 800], lang = "en", prepare, ...more } = {}) {
    const context = await (await browser()).newContext({
      baseURL: at,
      hasTouch: touch,
      viewport: { width: size[0], height: size[1] },
      locale: lang === "fi" ? "fi-FI" : "en-GB",
      ...more,
    });
    context.setDefaultTimeout(SHOWN_MS);
    this.#contexts.push(context);
    const session = role && (await login(role, at));
    await context.addInitScript(
      ([kept, language]) => {
        localStorage.setItem("trivet.language", JSON.stringify(language));
        // Only once: a reload must keep what the page itself made of it.
        if (kept && !localStorage.getItem("trivet.session")) localStorage.setItem("trivet.session", JSON.stringify(kept));
        window.loads = Number(sessionStorage.getItem("loads") ?? 0) + 1;
        sessionStorage.setItem("loads", String(window.loads));
      },
      [session, lang],
    );
    await prepare?.(context);
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && this.errors.push(`${where}: ${message.text()}`));
    page.on("pageerror", (error) => this.errors.push(`${where}: ${error}`));
    this.pages.push(page);
    await page.goto(`/screens/${where}`);
    if (role) await page.locator(".connection.live").waitFor();
    return page;
  }

  /** A page that was saved, opened from disk: no server behind it, and no network. */
  async openSaved(text) {
    const saved = join(mkdtempSync(join(tmpdir(), "trivet-e2e-")), "saved.html");
    this.undo(() => rmSync(dirname(saved), { recursive: true }));
    writeFileSync(saved, text);
    const context = await (await browser()).newContext({ offline: true });
    context.setDefaultTimeout(SHOWN_MS);
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && this.errors.push(`saved: ${message.text()}`));
    page.on("pageerror", (error) => this.errors.push(`saved: ${error}`));
    await page.goto(`file://${saved}`);
    return page;
  }

  /** Errors of the console that this story means to cause. */
  allow(...patterns) {
    this.#allowed.push(...patterns);
  }

  /** Its orders are brought to an end with the story. */
  table(table = newTable()) {
    this.#tables.push(table);
    return table;
  }

  undo(action) {
    this.#undo.push(action);
  }

  async probeFault(name, order) {
    const { control } = ready.probes[name];
    this.undo(() => fault(control, { probe: name, fault: "none", jump: true }));
    await fault(control, { probe: name, ...order });
  }

  async printerFault(name, order) {
    const { control } = ready.printers[name];
    this.undo(() => fault(control, { fault: "none" }));
    await fault(control, order);
  }

  /** Grams on the pan of a scale. */
  async onPan(name, grams) {
    const { control } = ready.scales[name];
    this.undo(() => fault(control, { fault: "weight", value: 0 }));
    await fault(control, { fault: "weight", value: grams });
  }

  /** The process stands still, as a box does whose power or disk hangs. */
  freeze(process_) {
    const pid = ready.pids[process_];
    const thaw = () => void process.kill(pid, "SIGCONT");
    this.undo(thaw);
    // An interrupted run must not leave it standing.
    process.once("exit", thaw);
    process.kill(pid, "SIGSTOP");
    return thaw;
  }

  /** No page was loaded twice, and none had anything to complain of. */
  async check() {
    const bad = this.errors.filter((error) => !this.#allowed.some((pattern) => pattern.test(error)));
    assert.deepEqual(bad, [], "errors in the console");
    for (const page of this.pages) assert.equal(await page.evaluate(() => window.loads), 1, `${page.url()} was reloaded`);
  }

  async picture(name) {
    const folder = mkdtempSync(join(tmpdir(), "trivet-e2e-"));
    for (const [i, page] of this.pages.entries()) {
      const file = join(folder, `${name.replace(/\W+/g, "-").slice(0, 60)}-${i}.png`);
      await page.screenshot({ path: file, timeout: 3_000 }).then(
        () => shots.push(file),
        () => undefined,
      );
    }
  }

  /** All of it, even when a part of it fails; then that is told. */
  async end() {
    const finishOrders = this.#tables.map((table) => async () => {
      for (const order of await ordersAt(table)) await finish(order);
    });
    const close = this.#contexts.map((context) => () => context.close());
    const failures = [];
    for (const action of [...this.#undo.reverse(), ...finishOrders, ...close]) {
      await (async () => action())().catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** One test: a story through the real server. */
export function story(name, tell, timeout = STORY_MS) {
  test(name, { timeout }, async () => {
    const scene = new Scene();
    try {
      await tell(scene);
      await scene.check();
    } catch (error) {
      await scene.picture(name);
      throw error;
    } finally {
      await scene.end();
    }
  });
}

/** By test id. */
export const id = (page, testId) => page.getByTestId(testId);

export const gone = (locator) => locator.waitFor({ state: "hidden" });
export const shown = (locator) => locator.waitFor({ state: "visible" });

/** The words of an element, once they are the right ones. */
export async function says(locator, pattern) {
  await locator.filter({ hasText: pattern }).waitFor({ state: "visible" });
}

export async function has(locator, attribute, value) {
  let seen;
  const right = async () => (seen = await locator.getAttribute(attribute)) === value;
  await until(`${attribute} is ${value}`, right).catch((error) => {
    error.message += `; it is ${seen}`;
    throw error;
  });
}
