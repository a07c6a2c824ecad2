// Alerts: whoever must act sees them on whatever page is open, says so with one tap, and everybody knows. All of it
// without the relay. Beside them the equipment that they are about, and who is told of which.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { api, gone, has, id, probe, says, shown, story, until } from "./house.mjs";

/** Something that is serious: maintenance that was forgotten for years. Its alert, and the words by which it is known. */
async function forgottenMaintenance(scene) {
  const equipment = randomUUID();
  const name = `Oven ${equipment.slice(0, 4)}`;
  const put = (body) => api("manager", "PUT", `/kitchen/equipment/${equipment}`, body);
  scene.undo(() => put({ nextMaintenance: null }));
  await put({ name, nextMaintenance: "2020-01-01T00:00:00Z" });
  const alert = await until("the box has raised it", async () => {
    const { alerts } = await api("manager", "GET", "/alerts?open=true&category=maintenance");
    return alerts.find(({ about }) => about === equipment);
  });
  scene.undo(async () => {
    const { state } = await api("manager", "GET", `/alerts/${alert.id}`);
    if (state !== "closed") await api("manager", "POST", `/alerts/${alert.id}/close`, { comment: "the story is over" });
  });
  return { ...alert, name, put };
}

story("an alert is on every page at once, and one tap tells everybody that it was seen, without the relay", async (scene) => {
  const thaw = scene.freeze("relay");
  const kitchen = await scene.open("cook", "kitchen/");
  const orders = await scene.open("manager", "pos/");
  const temperatures = await scene.open("manager", "haccp/");
  const waiter = await scene.open("waiter", "pos/");
  const alert = await forgottenMaintenance(scene);
  const line = (page) => id(page, `alert-${alert.id}`);
  for (const page of [kitchen, orders, temperatures]) {
    await says(line(page), `High: The maintenance of ${alert.name} was due on`);
  }
  // The cook's and the manager's, not the waiter's.
  assert.equal(await line(waiter).count(), 0);
  // Whoever comes later is told too.
  const later = await scene.open("cook", "kitchen/");
  await shown(line(later));
  await id(kitchen, `seen-${alert.id}`).click();
  for (const page of [kitchen, orders, temperatures, later]) {
    await gone(line(page));
    await says(id(page, "alert-going"), alert.name);
  }
  const { acknowledgements } = await api("manager", "GET", `/alerts/${alert.id}`);
  assert.deepEqual(acknowledgements.map(({ byName }) => byName), ["Kalle Cook"]);
  await alert.put({ nextMaintenance: null });
  await until("it is closed", async () => (await api("manager", "GET", `/alerts/${alert.id}`)).state === "closed");
  thaw();
});

story("an alert is acknowledged with a comment, shelved with a reason, and found again when it is closed", async (scene) => {
  const alert = await forgottenMaintenance(scene);
  const page = await scene.open("manager", "alerts/");
  const row = id(page, `row-${alert.id}`);
  await has(row, "data-state", "active_unacknowledged");
  await says(row, alert.name);
  await row.click();
  await id(page, "alert-comment").fill("The engineer comes on Monday");
  await id(page, "acknowledge").click();
  await has(row, "data-state", "active_acknowledged");
  await says(page.locator(".alert-history"), "Seen by Mikko Manager");
  await says(page.locator(".alert-history"), "The engineer comes on Monday");
  await id(page, "shelve").click();
  await page.getByRole("dialog").getByRole("button", { name: "Being repaired" }).click();
  await id(page, "reason-give").click();
  await has(row, "data-state", "shelved");
  await id(page, "unshelve").click();
  await has(row, "data-state", "active_acknowledged");
  await id(page, "close-alert").click();
  await page.getByRole("dialog").getByRole("button", { name: "Repaired", exact: true }).click();
  await id(page, "reason-give").click();
  await gone(row);
  await page.getByRole("radio", { name: "Closed" }).click();
  await has(id(page, `row-${alert.id}`), "data-state", "closed");
  await says(page.locator(".alert-history"), "Closed by Mikko Manager");
});

story("a cook sees what may be done, and no more", async (scene) => {
  const alert = await forgottenMaintenance(scene);
  const page = await scene.open("cook", `alerts/#${alert.id}`);
  await shown(id(page, "acknowledge"));
  assert.equal(await id(page, "shelve").count(), 0);
  assert.equal(await id(page, "close-alert").count(), 0);
});

story("a piece of equipment is edited, taken out of service with its reason, and put back", async (scene) => {
  const equipment = randomUUID();
  const name = `Mixer ${equipment.slice(0, 4)}`;
  const freezer = await probe("Freezer");
  const piece = async () => (await api("cook", "GET", "/kitchen/equipment")).equipment.find((one) => one.id === equipment);
  await api("manager", "PUT", `/kitchen/equipment/${equipment}`, { name });
  scene.undo(() => api("manager", "PUT", `/kitchen/equipment/${equipment}`, { probeId: null, nextMaintenance: null, outOfService: null }));
  const page = await scene.open("manager", "alerts/#equipment");
  const card = id(page, `equipment-${equipment}`);
  await says(card, "not known");
  await id(page, `edit-equipment-${equipment}`).click();
  await id(page, "equipment-name").fill("");
  assert.equal(await id(page, "save-equipment").isDisabled(), true, "it has no name");
  await id(page, "equipment-name").fill(`${name}, left`);
  await page.getByRole("radio", { name: "Freezer", exact: true }).click();
  await id(page, "equipment-due").fill("2040-05-12");
  await id(page, "save-equipment").click();
  await gone(page.getByRole("dialog"));
  await says(card, `${name}, left`);
  await says(card, "12 May 2040");
  assert.equal((await piece()).probeId, freezer.id);
  await id(page, `take-out-${equipment}`).click();
  await page.getByRole("dialog").getByRole("button", { name: "Being repaired" }).click();
  await id(page, "reason-give").click();
  await has(card, "data-state", "out_of_service");
  await says(card, "Being repaired");
  assert.equal((await piece()).outOfService, "Being repaired");
  const cook = await scene.open("cook", "alerts/#equipment");
  await has(id(cook, `equipment-${equipment}`), "data-state", "out_of_service");
  assert.equal(await id(cook, `put-back-${equipment}`).count(), 0);
  await id(page, `put-back-${equipment}`).click();
  await has(card, "data-state", "operational");
  assert.equal((await piece()).outOfService ?? null, null);
});

story("a manager says who is told of which alerts, and when the next are called; a cook is not asked", async (scene) => {
  const before = await api("manager", "GET", "/alerts/routing");
  scene.undo(() => api("manager", "PUT", "/alerts/routing", before));
  const page = await scene.open("manager", "alerts/#routing");
  const waiter = id(page, "sees-maintenance-waiter");
  await has(waiter, "aria-pressed", String(before.sees.maintenance.waiter));
  assert.equal(await id(page, "sees-maintenance-owner").isDisabled(), true, "the owner is told of everything");
  await waiter.click();
  await id(page, "minutes-2").fill("0");
  assert.equal(await id(page, "save-routing").isDisabled(), true, "nobody is called after no time");
  await id(page, "minutes-2").fill("25");
  await id(page, "save-routing").click();
  await says(id(page, "routing").getByRole("status"), "Saved");
  const now = await api("manager", "GET", "/alerts/routing");
  assert.equal(now.sees.maintenance.waiter, !before.sees.maintenance.waiter);
  assert.deepEqual(now.escalateAfterMinutes, [before.escalateAfterMinutes[0], 25]);
  const cook = await scene.open("cook", "alerts/");
  await shown(cook.getByRole("radio", { name: "Equipment" }));
  assert.equal(await cook.getByRole("radio", { name: "Who is told" }).count(), 0);
});
