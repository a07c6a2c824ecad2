// Makes the README's picture from the running restaurant: `TRIVET_READY=… node e2e/picture.mjs ../docs/screens.png`.
// It takes four minutes: the tickets' ages are real.
import { writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { browser, has, id, menuItem, placeOrder, probe, ready, says, shown, story, ticketStep } from "./house.mjs";

const out = process.argv[2];
/** All of one shape; the larger, the smaller what is on it. */
const sized = (width) => ({ size: [width, Math.round(width * 0.627)], deviceScaleFactor: 2, reducedMotion: "reduce" });
const WIDE = 1600;
const MINUTES_MS = 6 * 60_000;

const S = 1_000;
const SERVICE = [
  { at: 0, table: "12", lines: [["Coffee", 2, "Oat milk"], ["Lager 0.5 l", 1]], step: "start" },
  { at: 0, table: "4", lines: [["Burger", 2, "Extra cheese", "Allergy: sesame"], ["Fries", 1, "Truffle mayo"]], step: "start" },
  { at: 2 * S, table: "15", lines: [["Red wine 12 cl", 2]], step: "complete" },
  { at: 60 * S, table: "9", lines: [["Blueberry pie", 2, "Vanilla sauce"], ["Crème brûlée", 1]] },
  { at: 100 * S, table: "2", lines: [["Mushroom risotto", 1, null, "no parmesan"]], step: "recall" },
  { at: 150 * S, table: "7", lines: [["Caesar salad", 1, "No anchovy"], ["Rib eye 250 g", 1, "Medium"]], step: "start" },
  { at: 225 * S, table: "20", lines: [["Veggie burger", 1, "Vegan cheese"], ["Fries", 1]] },
];
const SHOTS_AT = 240 * S;

async function line([name, quantity, option, note]) {
  const { modifiers } = await menuItem(name);
  const chosen = modifiers.filter((modifier) => modifier.name === option).map((modifier) => modifier.id);
  return { name, quantity, modifications: chosen, ...(note && { specialInstructions: note }) };
}

async function serve(scene, began) {
  for (const { at, table, lines, step } of SERVICE) {
    await pause(Math.max(0, began + at - Date.now()));
    const { tickets } = await placeOrder(scene.table(table), ...(await Promise.all(lines.map(line))));
    if (step === "recall") await ticketStep(tickets[0], "complete");
    if (step) await ticketStep(tickets[0], step);
  }
}

async function fillDraft(page) {
  const put = async (name) => {
    const item = await menuItem(name);
    await page.locator(".categories button", { hasText: item.category }).click();
    return page.locator("li.item", { has: id(page, `item-${item.id}`) });
  };
  await (await put("Lingonberry lemonade")).locator(".item-add").click({ clickCount: 2 });
  const burger = await put("Burger");
  await burger.locator(".item-options").click();
  await page.getByRole("checkbox", { name: "Bacon" }).click();
  await id(page, "line-note").fill("no onion");
  await id(page, "line-done").click();
  await (await put("Grilled salmon")).locator(".item-add").click();
  await id(page, "table-number").fill("8");
  await id(page, "table-number").blur();
}

story(
  "the picture",
  async (scene) => {
    const began = Date.now();
    const dark = (context) => context.addInitScript(() => localStorage.setItem("trivet.theme", '"dark"'));
    const kitchen = await scene.open("cook", "kitchen/", { ...sized(1260), prepare: dark });
    await serve(scene, began);
    await pause(Math.max(0, began + SHOTS_AT - Date.now()));

    // All but the newest have been touched.
    const cards = kitchen.locator(".ticket", { hasNotText: "Table 20" });
    for (const card of await cards.all()) await card.dispatchEvent("pointerdown");
    await kitchen.keyboard.press("Escape");
    const waiter = await scene.open("waiter", "pos/", sized(1180));
    await fillDraft(waiter);
    const manager = await scene.open("manager", "dashboard/", { ...sized(1400), at: ready.dashboard_url });
    await shown(manager.locator(".dash-order").first());
    const shots = [await waiter.screenshot(), await kitchen.screenshot()];
    const overview = await manager.screenshot();

    const monitor = await scene.open("manager", "haccp/", sized(1060));
    await scene.probeFault("walk-in", { fault: "value", value: 8.4, jump: true });
    const fridge = await probe("Walk-in fridge");
    await has(id(monitor, `probe-${fridge.id}`), "data-state", "breach");
    await says(id(monitor, "breach-banner"), "too warm");
    shots.push(await monitor.screenshot(), overview);
    await writeFile(out, await compose(shots));
  },
  MINUTES_MS,
);

const CAPTIONS = ["Orders", "Kitchen", "Temperatures", "Dashboard, in the cloud"];

async function compose(shots) {
  const page = await (await browser()).newPage({ viewport: { width: WIDE, height: 100 } });
  const figures = shots.map(
    (shot, i) =>
      `<figure><img src="data:image/png;base64,${shot.toString("base64")}"><figcaption>${CAPTIONS[i]}</figcaption></figure>`,
  );
  await page.setContent(`<style>
    body { margin: 0; padding: 22px; display: grid; grid-template-columns: 1fr 1fr; gap: 18px 22px; background: #e9e6e0; }
    figure { margin: 0; }
    img { display: block; width: 100%; border-radius: 10px; box-shadow: 0 0 0 1px #0002, 0 4px 14px #0003; }
    figcaption { margin-top: 8px; text-align: center; font: 600 15px "Liberation Sans", Arial, sans-serif; color: #333; }
  </style>${figures.join("")}`);
  return page.screenshot({ fullPage: true });
}
