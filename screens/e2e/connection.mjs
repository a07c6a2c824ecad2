// Logging in, and what a screen says when its box does not.
import assert from "node:assert/strict";
import { gone, id, placeOrder, ready, says, shown, story, until } from "./house.mjs";

const STALE_WITHIN_MS = 5_000;

story("a wrong password is told in words, and the right one opens the page", async (scene) => {
  scene.allow(/401/);
  const page = await scene.open(null, "pos/");
  const { login, password } = ready.users.auditor;
  // A name that nobody has: a person's own wrong tries would count against them.
  await id(page, "login-name").fill(`nobody-${Date.now()}`);
  await id(page, "login-password").fill("wrong");
  await id(page, "login-submit").click();
  await says(page.getByRole("alert"), "Name or password is wrong");
  await id(page, "login-name").fill(login);
  await id(page, "login-password").fill(password);
  await id(page, "login-submit").click();
  await shown(page.locator(".connection.live"));
});

story("every page opens without a complaint, in Finnish too", async (scene) => {
  const pages = [
    ["pos/", "Tilaukset"],
    ["kitchen/", "Keittiö"],
    ["labels/", "Tarrat"],
    ["haccp/", "Lämpötilat"],
    ["safety/", "Omavalvonta"],
    ["alerts/", "Hälytykset"],
    ["status/", "Laite"],
    ["printers/", "Tulostimet"],
    ["layouts/", "Tulosteet"],
    ["dashboard/", "Yleiskuva"],
  ];
  for (const [where, title] of pages) {
    const at = where === "dashboard/" ? ready.dashboard_url : ready.edge_url;
    const page = await scene.open("manager", where, { at, lang: "fi" });
    await says(page.locator("h1"), title);
  }
});

story("a box that stands still: the screen says that its picture is old, and when it is not", async (scene) => {
  const page = await scene.open("cook", "kitchen/");
  const stale = id(page, "stale-banner");
  const thaw = scene.freeze("box1");
  const from = Date.now();
  await stale.waitFor({ timeout: STALE_WITHIN_MS });
  assert.ok(Date.now() - from < STALE_WITHIN_MS);
  await says(id(page, "connection"), "Not live");
  thaw();
  await gone(stale);
  await says(id(page, "connection"), "Live");
});

story("a cut line: old is called old, and what happened meanwhile is there after", async (scene) => {
  let cut = false;
  const lines = new Set();
  const prepare = (context) =>
    context.routeWebSocket(/\/api\/v1\/live$/, (line) => {
      if (cut) return line.close();
      line.connectToServer();
      lines.add(line);
    });
  const page = await scene.open("cook", "kitchen/", { prepare });
  cut = true;
  for (const line of lines) await line.close();
  await id(page, "stale-banner").waitFor({ timeout: STALE_WITHIN_MS });
  const { tickets: [ticket] } = await placeOrder(scene.table(), { name: "Burger" });
  cut = false;
  await shown(id(page, `ticket-${ticket.id}`));
  await gone(id(page, "stale-banner"));
  await until("the line is back", () => lines.size > 1);
});
