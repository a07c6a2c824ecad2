// Printers and papers: who is told that one needs a person, what becomes of what waits, how papers are made.
import assert from "node:assert/strict";
import { api, gone, has, id, ordersAt, placeOrder, ready, says, shown, story, until } from "./house.mjs";

/** Roll, cover and cutter are well again. */
const REPAIR = { fault: "none" };
/** An idle printer is asked every 2 s, one that failed after 15 s at the latest. */
const PRINTED_WITHIN_MS = 25_000;

const jobsOf = async (printer) => (await api("manager", "GET", `/print-jobs?printer=${printer}`)).jobs;

async function jobOf(ticket) {
  const jobs = (await Promise.all(Object.keys(ready.printers).map(jobsOf))).flat();
  return jobs.find((job) => job.id === ticket.id);
}

story("labels of what was prepared are printed with their use-by, and the page says what became of them", async (scene) => {
  const kitchen = await scene.open("cook", "kitchen/");
  assert.match(await id(kitchen, "to-labels").getAttribute("href"), /labels\/$/);
  const page = await scene.open("cook", "labels/");
  assert.equal(await id(page, "print-labels").isDisabled(), true, "of what is missing");
  await id(page, "label-item").fill("Pea soup");
  await id(page, "use-by-2-days").click();
  await id(page, "label-length").fill("soon");
  await says(page.locator(".labels"), "Type a whole number");
  assert.equal(await id(page, "print-labels").isDisabled(), true, "until when is missing");
  await id(page, "label-length").fill("36");
  await page.getByRole("radio", { name: "hours" }).click();
  await page.getByRole("button", { name: "More: Labels" }).click();
  await says(id(page, "print-labels"), "Print 2 labels");
  await id(page, "print-labels").click();
  const row = page.locator("[data-testid^=label-job-]");
  await says(row, "Pea soup");
  const done = async () => ["sent", "printed"].includes(await row.getAttribute("data-state"));
  await until("the labels are out", done, PRINTED_WITHIN_MS);
  const { jobs } = await api("manager", "GET", "/print-jobs");
  assert.ok(jobs.some(({ kind, orderNumber }) => kind === "label" && orderNumber === "Pea soup"));
});

story("a printer without paper is told to the kitchen, the waiter and the technician, until it has some", async (scene) => {
  const kitchen = await scene.open("cook", "kitchen/");
  const waiter = await scene.open("waiter", "pos/");
  const technician = await scene.open("manager", "printers/");
  const card = id(technician, "printer-hot");
  await has(card, "data-state", "ready");
  await scene.printerFault("hot", { fault: "paper_out" });
  for (const page of [kitchen, waiter]) await says(id(page, "printer-banner"), "Printer hot: paper end");
  await has(card, "data-state", "paper_end");
  await says(card, "Paper end");
  await scene.printerFault("hot", REPAIR);
  for (const page of [kitchen, waiter]) await gone(id(page, "printer-banner"));
  await has(card, "data-state", "ready");
});

story("an open cover is told in words; paper near its end is a quieter line", async (scene) => {
  const kitchen = await scene.open("cook", "kitchen/#station=grill");
  await scene.printerFault("hot", { fault: "cover" });
  await says(id(kitchen, "printer-banner"), "Printer hot: cover open");
  await scene.printerFault("hot", REPAIR);
  await gone(id(kitchen, "printer-banner"));
  await scene.printerFault("hot", { fault: "paper_near_end" });
  await says(id(kitchen, "printer-hint"), "Printer hot: paper nearly out");
  assert.equal(await id(kitchen, "printer-banner").count(), 0);
});

story("a ticket that waits is counted, shown as paper, moved with a reason, and prints there", async (scene) => {
  // Neither prints, so that it waits wherever the box has put it.
  for (const name of ["hot", "bar"]) await scene.printerFault(name, { fault: "paper_out" });
  const kitchen = await scene.open("cook", "kitchen/");
  const { order, tickets: [ticket] } = await placeOrder(scene.table(), { name: "Burger" });
  await says(id(kitchen, "printer-banner"), /\d tickets? waits?/);

  const { printer: from } = await until("the ticket has a job", () => jobOf(ticket));
  const to = from === "hot" ? "bar" : "hot";
  const technician = await scene.open("manager", `printers/#${from}`);
  const row = id(technician, `job-${ticket.id}`);
  await says(row, order.orderNumber);
  await row.click();
  await shown(id(technician, "paper-picture"));
  await id(technician, "job-move").click();
  await id(technician, `choose-${to}`).click();
  assert.equal(await id(technician, "reason-give").isDisabled(), true, "nothing is moved without a reason");
  await technician.getByRole("button", { name: "The printer is broken" }).click();
  await id(technician, "reason-give").click();
  await gone(row);
  assert.equal((await jobOf(ticket)).printer, to);

  await scene.printerFault(to, REPAIR);
  await until("it is printed there", async () => (await jobOf(ticket)).state === "printed", PRINTED_WITHIN_MS);
  await id(technician, `printer-${to}`).click();
  await has(row, "data-state", "printed");
});

story("a ticket that waits is called off in one's own words, and is not printed after", async (scene) => {
  for (const name of ["hot", "bar"]) await scene.printerFault(name, { fault: "paper_out" });
  const { tickets: [ticket] } = await placeOrder(scene.table(), { name: "Burger" });
  const { printer } = await until("the ticket has a job", () => jobOf(ticket));
  const cook = await scene.open("cook", `printers/#${printer}`);
  const row = id(cook, `job-${ticket.id}`);
  await row.click();
  await id(cook, "job-cancel").click();
  await id(cook, "reason-text").fill("the cook has read it");
  await id(cook, "reason-give").click();
  await has(row, "data-state", "cancelled");
  await row.click();
  await says(cook.getByRole("dialog"), "the cook has read it · Kalle Cook");
  await cook.keyboard.press("Escape");
  await scene.printerFault(printer, REPAIR);
  await has(id(cook, `printer-${printer}`), "data-state", "ready");
  assert.equal((await jobOf(ticket)).state, "cancelled");
});

story("a test sheet prints, and is there among what is finished", async (scene) => {
  const technician = await scene.open("manager", "printers/#bar");
  const before = new Set((await jobsOf("bar")).map((job) => job.id));
  await id(technician, "sheet-test").click();
  const sheet = async () => (await jobsOf("bar")).find((each) => each.kind === "test" && !before.has(each.id));
  const job = await until("there is a test sheet", sheet);
  await until("it is printed", async () => (await sheet()).state === "printed", PRINTED_WITHIN_MS);
  await shown(id(technician, "queue-done").getByTestId(`job-${job.id}`));
});

story("the void of nothing is no paper: an order that never reached the kitchen leaves no slip", async (scene) => {
  const table = scene.table();
  const { items } = await api("waiter", "GET", "/pos/menu");
  const lager = items.find(({ name }) => name.startsWith("Lager"));
  const body = { orderType: "dine_in", tableNumber: table, items: [{ menuItemId: lager.id, quantity: 1 }] };
  const order = await api("waiter", "POST", "/pos/orders", body);
  await api("waiter", "PUT", `/pos/orders/${order.id}/status`, { status: "cancelled" });
  assert.equal((await ordersAt(table))[0].status, "cancelled");
  const technician = await scene.open("manager", "printers/#bar");
  await says(id(technician, "queue"), "Nothing waits for paper");
  const jobs = (await Promise.all(["hot", "bar"].map(jobsOf))).flat();
  assert.deepEqual(jobs.filter((job) => job.orderNumber === order.orderNumber), []);
});

const layoutOf = async (name) => (await api("manager", "GET", "/printing/layouts")).layouts.find((layout) => layout.id === name);

story("the receipt's footer is changed, seen as it prints, and saved; a link asks before", async (scene) => {
  scene.allow(/422/);
  const before = await layoutOf("receipt");
  scene.undo(() =>
    before.isDefault
      ? api("manager", "DELETE", "/printing/layouts/receipt")
      : api("manager", "PUT", "/printing/layouts/receipt", { elements: before.elements }),
  );
  const place = before.elements.findLastIndex((element) => element.kind === "text");
  assert.ok(place >= 0, "the receipt has a text");
  const manager = await scene.open("manager", "layouts/#receipt");
  const preview = id(manager, "preview");
  await has(preview, "data-current", "true");
  const first = await preview.getAttribute("src");

  await id(manager, `element-open-${place}`).click();
  await id(manager, "field-text").fill("See you in the archipelago");
  await until("it is drawn anew", async () => (await preview.getAttribute("src")) !== first);
  await has(preview, "data-current", "true");
  await says(id(manager, "layout-receipt"), "not saved");

  await manager.locator("a.home").click();
  await id(manager, "leave-stay").click();
  assert.equal(await id(manager, "field-text").inputValue(), "See you in the archipelago");

  // A mistake is told where it was made; the last good picture stays, and is called old.
  const second = await preview.getAttribute("src");
  await id(manager, "field-text").fill("See you, {nobody_of_this_name}");
  await shown(id(manager, `element-mistake-${place}`));
  await has(preview, "data-current", "false");
  assert.equal(await preview.getAttribute("src"), second);
  await says(manager.locator(".preview-old"), "older than the elements");

  await id(manager, "field-text").fill("See you in the archipelago");
  await gone(id(manager, `element-mistake-${place}`));
  await id(manager, "layout-save").click();
  await says(id(manager, "layout-save"), "Saved");
  assert.equal((await layoutOf("receipt")).elements[place].text, "See you in the archipelago");
});

story("elements are added, moved, taken out and brought back; nothing is saved by that", async (scene) => {
  const before = await layoutOf("kitchen_ticket");
  const manager = await scene.open("manager", "layouts/#kitchen_ticket");
  const kinds = () => manager.locator("[data-kind]").evaluateAll((rows) => rows.map((row) => row.dataset.kind));
  await shown(id(manager, "element-0"));
  await id(manager, "element-open-0").click();
  await id(manager, "element-add").click();
  await id(manager, "add-rule").click();
  await has(id(manager, "element-1"), "data-kind", "rule");
  await id(manager, "element-up-1").click();
  await has(id(manager, "element-0"), "data-kind", "rule");
  await id(manager, "element-remove-0").click();
  assert.deepEqual(await kinds(), before.elements.map((element) => element.kind));
  await id(manager, "element-back").click();
  await has(id(manager, "element-0"), "data-kind", "rule");
  await id(manager, "layout-undo").click();
  assert.deepEqual(await kinds(), before.elements.map((element) => element.kind));
  assert.deepEqual((await layoutOf("kitchen_ticket")).elements, before.elements);
});

story("a guest's receipt is printed from the open order", async (scene) => {
  const { order } = await placeOrder(scene.table(), { name: "Coffee" });
  const waiter = await scene.open("waiter", "pos/", { touch: true });
  await id(waiter, `order-${order.id}`).locator(".order-open").tap();
  await id(waiter, "receipt-print").tap();
  await says(id(waiter, "receipt-done"), "The receipt prints on");
  const receipts = (await Promise.all(["hot", "bar"].map(jobsOf))).flat().filter((job) => job.kind === "receipt");
  assert.ok(receipts.some((job) => job.orderNumber === order.orderNumber));
});

story("a drawer is opened with a reason, and the printers' page says that it is open", async (scene) => {
  const { order } = await placeOrder(scene.table(), { name: "Coffee" });
  await scene.printerFault("hot", { fault: "drawer", value: false });
  const manager = await scene.open("manager", "pos/", { touch: true });
  await id(manager, `order-${order.id}`).locator(".order-open").tap();
  await id(manager, "open-drawer").tap();
  await id(manager, "choose-hot").tap();
  await manager.getByRole("button", { name: "Give change" }).tap();
  await id(manager, "reason-give").tap();
  await gone(id(manager, "reason-give"));
  const technician = await scene.open("manager", "printers/#hot");
  await says(id(technician, "printer-hot").locator(".printer-part", { hasText: "Drawer" }), "Open");
});

// A restaurant whose people have no PIN has nobody who could do this.
const { login, pin } = ready.users.waiter;
if (pin) {
  story("the next person takes over a screen with a PIN; a wrong one is told in words", async (scene) => {
    scene.allow(/401/);
    const page = await scene.open("cook", "kitchen/", { touch: true });
    const open = async () => {
      await page.locator(".person-button").tap();
      await id(page, "switch-person").tap();
    };
    const type = async (name, digits) => {
      await id(page, "switch-login").fill(name);
      for (const digit of digits) await id(page, `pin-${digit}`).tap();
      await id(page, "pin-ok").tap();
    };
    await open();
    // A name that nobody has: a person's own wrong tries would count against them.
    await type(`nobody-${Date.now()}`, "0000");
    await says(id(page, "switch-message"), "Name or PIN is wrong");
    await type(login, pin);
    await gone(id(page, "switch-login"));
    await shown(page.locator(".connection.live"));
    const { person } = await page.evaluate(() => JSON.parse(localStorage.getItem("trivet.session")));
    assert.equal(person.role, "waiter");
  });
}
