// An order's way: the waiter's hand, the kitchen, the table.
import assert from "node:assert/strict";
import { api, gone, has, id, menuItem, ordersAt, placeOrder, ready, says, shown, story, until } from "./house.mjs";

story("a waiter logs in, and the order goes by touch to the kitchen, back, and to the table", async (scene) => {
  const burger = await menuItem("Burger");
  const [option] = burger.modifiers;
  const table = scene.table();
  const kitchen = await scene.open("cook", "kitchen/");
  const waiter = await scene.open(null, "pos/", { touch: true, size: [1180, 820] });

  await id(waiter, "login-name").fill(ready.users.waiter.login);
  await id(waiter, "login-password").fill(ready.users.waiter.password);
  await id(waiter, "login-submit").tap();

  await category(waiter, burger).tap();
  await waiter.locator("li.item", { has: id(waiter, `item-${burger.id}`) }).locator(".item-options").tap();
  await id(waiter, `modifier-${option.id}`).tap();
  await id(waiter, "line-note").fill("allergy: sesame");
  await id(waiter, "line-done").tap();
  await id(waiter, "table-number").fill(table);
  await id(waiter, "send-order").tap();
  await shown(id(waiter, "order-sent"));

  const [order] = await ordersAt(table);
  assert.equal(order.totalAmount, burger.price + option.price);
  const { orders: tickets } = await api("cook", "GET", "/kitchen/orders");
  const ticket = tickets.find((each) => each.customerServiceOrderId === order.id);
  const card = id(kitchen, `ticket-${ticket.id}`);
  await says(card, "Burger");
  await says(card.locator(".mod"), option.name);
  await says(card.locator(".instruction.allergy"), "sesame");

  await id(kitchen, `start-${ticket.id}`).click();
  await has(id(waiter, `order-${order.id}`), "data-status", "preparing");
  await id(kitchen, `bump-${ticket.id}`).click();
  await gone(card);
  await says(id(waiter, `order-${order.id}`), "Ready");
  await id(waiter, `served-${order.id}`).tap();
  await gone(id(waiter, `order-${order.id}`));
  assert.equal((await api("waiter", "GET", `/pos/orders/${order.id}`)).status, "completed");
});

story("a double tap on Send makes one order", async (scene) => {
  const table = scene.table();
  const waiter = await scene.open("waiter", "pos/", { touch: true });
  await addOne(waiter, await menuItem("Coffee"));
  await id(waiter, "table-number").fill(table);
  const requests = [];
  waiter.on("request", (request) => request.method() === "POST" && requests.push(request.url()));
  const button = id(waiter, "send-order");
  // In one task, before the page could draw anything; then by the finger, before and after the answer.
  await button.evaluate((it) => [1, 2].forEach(() => it.click()));
  const { x, y, width, height } = await button.boundingBox();
  const tap = () => waiter.touchscreen.tap(x + width / 2, y + height / 2);
  await tap();
  await shown(id(waiter, "order-sent"));
  await tap();
  assert.equal((await ordersAt(table)).length, 1);
  assert.equal(requests.length, 2, `one to make it, one to send it: ${requests}`);
});

story("an answer that is lost on the way makes no second order", async (scene) => {
  scene.allow(/ERR_FAILED/);
  const table = scene.table();
  const waiter = await scene.open("waiter", "pos/", { touch: true });
  await addOne(waiter, await menuItem("Coffee"));
  await id(waiter, "table-number").fill(table);
  await waiter.route(
    "**/api/v1/pos/orders",
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await id(waiter, "send-order").tap();
  await says(id(waiter, "draft-message"), "has not answered");
  assert.equal((await ordersAt(table)).length, 1, "the box has made it");
  await id(waiter, "send-order").tap();
  await shown(id(waiter, "order-sent"));
  const orders = await ordersAt(table);
  assert.deepEqual(orders.map((order) => order.status), ["confirmed"]);
});

story("recall brings a bumped ticket back", async (scene) => {
  const { order, tickets: [ticket] } = await placeOrder(scene.table(), { name: "Burger" });
  const kitchen = await scene.open("cook", "kitchen/");
  const waiter = await scene.open("waiter", "pos/");
  const card = id(kitchen, `ticket-${ticket.id}`);
  await id(kitchen, `bump-${ticket.id}`).click();
  await gone(card);
  await says(id(waiter, `order-${order.id}`), "Ready");
  await id(kitchen, `recall-${ticket.id}`).click();
  await says(card, "Recalled");
  await says(id(waiter, `order-${order.id}`), "Back in the kitchen");
  await gone(id(waiter, `served-${order.id}`));
  await id(kitchen, `bump-${ticket.id}`).click();
  await says(id(waiter, `order-${order.id}`), "Ready");
});

story("a cook works by keys: a digit selects, S starts, the digit again bumps, R recalls", async (scene) => {
  const { tickets: [ticket] } = await placeOrder(scene.table(), { name: "Burger", quantity: 2 });
  const kitchen = await scene.open("cook", "kitchen/");
  const card = id(kitchen, `ticket-${ticket.id}`);
  const digit = await card.locator("kbd").textContent();
  await kitchen.keyboard.press(digit);
  await shown(kitchen.locator(".ticket.selected").and(card));
  await kitchen.keyboard.press("s");
  await has(card, "data-status", "preparing");
  await kitchen.keyboard.press(digit);
  await gone(card);
  await shown(id(kitchen, `recall-${ticket.id}`));
  await kitchen.keyboard.press("r");
  await shown(card);
});

story("a ticket whose paper is in doubt says so to the cook and to the waiter", async (scene) => {
  await scene.printerFault("hot", { fault: "cut_at_byte", value: 40 });
  await scene.printerFault("hot", { fault: "refuse", value: true });
  const { order, tickets: [ticket] } = await placeOrder(scene.table(), { name: "Burger" });
  const kitchen = await scene.open("cook", "kitchen/");
  const waiter = await scene.open("waiter", "pos/");
  await says(id(kitchen, `paper-${ticket.id}`), "may not have printed");
  await says(id(waiter, `order-${order.id}`), "Paper in doubt");
  await scene.printerFault("hot", { fault: "none" });
  await gone(id(kitchen, `paper-${ticket.id}`));
});

story("the estimate says that the prices include tax", async (scene) => {
  const { pricesIncludeTax } = await api("manager", "GET", "/settings");
  assert.equal(pricesIncludeTax, true, "the demo's prices include tax");
  for (const [lang, words] of [["en", "tax included"], ["fi", "sisältää veron"]]) {
    const waiter = await scene.open("waiter", "pos/", { lang, touch: true });
    await addOne(waiter, await menuItem("Coffee"));
    await says(waiter.locator(".estimate"), words);
  }
});

story("a line is sold by weight: the pan is shown as it is, and weighed by the box as it takes the order", async (scene) => {
  const burger = await menuItem("Burger");
  const table = scene.table();
  const waiter = await scene.open("waiter", "pos/");
  await category(waiter, burger).click();
  await waiter.locator("li.item", { has: id(waiter, `item-${burger.id}`) }).locator(".item-options").click();
  await id(waiter, "weigh").click();
  await says(id(waiter, "scale-counter"), "nothing on the scale");
  assert.equal(await id(waiter, "take-counter").isDisabled(), true);
  await scene.onPan("counter", 350);
  await says(id(waiter, "scale-counter"), "0.350 kg");
  await id(waiter, "take-counter").click();
  await says(id(waiter, "line-weighed"), "weighed: counter");
  await id(waiter, "line-done").click();
  await says(id(waiter, `weighed-${burger.id}`), "weighed: counter");
  await id(waiter, "table-number").fill(table);
  const lies = (grams) =>
    until(`${grams} g lie on the scale`, async () => {
      const { scales } = await api("waiter", "GET", "/scales");
      return (scales.find(({ name }) => name === "counter").grams ?? null) === grams;
    });
  // It is the weight at sending that counts.
  await scene.onPan("counter", 0);
  await lies(null);
  scene.allow(/409/);
  await id(waiter, "send-order").click();
  await says(id(waiter, "draft-message"), "counter");
  await scene.onPan("counter", 400);
  await lies(400);
  await id(waiter, "send-order").click();
  await shown(id(waiter, "order-sent"));
  const [order] = await ordersAt(table);
  assert.equal(order.items[0].quantityMilli, 400);
  assert.equal(order.totalAmount, (burger.price * 400) / 1_000);
});

const category = (page, item) => page.locator(".categories button", { hasText: item.category });

async function addOne(page, item) {
  await category(page, item).tap();
  await id(page, `item-${item.id}`).tap();
}
