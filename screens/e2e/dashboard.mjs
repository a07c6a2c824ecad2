// The manager's page in the cloud, and what the box's screens make of it.
import assert from "node:assert/strict";
import { api, gone, has, id, menuItem, placeOrder, probe, ready, says, shown, story, until } from "./house.mjs";

const dashboard = (scene) => scene.open("manager", "dashboard/", { at: ready.dashboard_url });

const tileOf = async (page, item) => {
  await page.locator(".categories button", { hasText: item.category }).click();
  return id(page, `item-${item.id}`);
};

story("a price changed on the dashboard is on the waiter's screen, without a reload", async (scene) => {
  const coffee = await menuItem("Coffee");
  scene.undo(() => api("manager", "PUT", `/pos/menu/${coffee.id}`, { price: coffee.price }));
  const waiter = await scene.open("waiter", "pos/");
  const tile = await tileOf(waiter, coffee);
  const manager = await dashboard(scene);
  await id(manager, `price-${coffee.id}`).fill("3,95");
  await id(manager, `save-price-${coffee.id}`).click();
  await says(tile, "€3.95");
});

story("what the manager takes off the menu can't be ordered", async (scene) => {
  const wine = await menuItem("Red wine 12 cl");
  scene.undo(() => api("manager", "PUT", `/pos/menu/${wine.id}`, { isAvailable: true }));
  const waiter = await scene.open("waiter", "pos/");
  const tile = await tileOf(waiter, wine);
  const manager = await dashboard(scene);
  await id(manager, `available-${wine.id}`).click();
  await says(tile, "Sold out");
  assert.equal(await tile.isDisabled(), true);
  assert.match(await tile.locator(".item-name").evaluate((name) => getComputedStyle(name).textDecorationLine), /line-through/);
  await id(manager, `available-${wine.id}`).click();
  await says(tile, "€");
  assert.equal(await tile.isDisabled(), false);
});

story("a limit is set and taken away again; none looks like none", async (scene) => {
  const unit = await probe("Bain-marie");
  assert.equal(unit.maxMilliC, null);
  scene.undo(() => api("manager", "PUT", `/haccp/probes/${unit.id}`, { maxMilliC: null }));
  const manager = await dashboard(scene);
  const field = id(manager, `max-${unit.id}`);
  const save = id(manager, `save-max-${unit.id}`);
  await neutral(field);
  await field.fill("ninety");
  await has(field, "aria-invalid", "true");
  assert.equal(await save.isDisabled(), true);
  await field.fill("90");
  await save.click();
  await until("the box has the limit", async () => (await probe("Bain-marie")).maxMilliC === 90_000);
  await field.fill("");
  await save.click();
  await until("the box has no limit", async () => (await probe("Bain-marie")).maxMilliC === null);
  await neutral(field);
});

async function neutral(field) {
  await has(field, "aria-invalid", "false");
  assert.equal(await field.inputValue(), "");
  assert.equal(await field.getAttribute("placeholder"), "none");
}

story("two prices set apart are both shown, and a person decides", async (scene) => {
  const item = await menuItem("Lingonberry lemonade");
  const put = (price) => api("manager", "PUT", `/pos/menu/${item.id}`, { price });
  scene.undo(() => put(item.price));
  const manager = await dashboard(scene);
  const thaw = scene.freeze("relay");
  await put(510);
  await id(manager, `price-${item.id}`).fill("5,30");
  await id(manager, `save-price-${item.id}`).click();
  // The dashboard has it, but does not call it saved before the relay has it too.
  await until("both have their own", async () => (await menuItem(item.name, ready.dashboard_url)).price === 530);
  await says(id(manager, `save-price-${item.id}`), "Saving");
  thaw();
  const conflict = id(manager, `conflict-menu:${item.id}`);
  await conflict.waitFor({ timeout: 20_000 });
  await conflict.getByRole("button", { name: "€5.10" }).click();
  await gone(conflict);
  await until("the box has the price", async () => (await menuItem(item.name)).price === 510);
});

story("the manager sees the orders of the restaurant", async (scene) => {
  const { order } = await placeOrder(scene.table(), { name: "Coffee" });
  const manager = await dashboard(scene);
  await has(id(manager, `order-${order.id}`), "data-status", "confirmed");
  await shown(id(manager, `order-${order.id}`));
});
