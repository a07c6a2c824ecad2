// Temperatures: a breach is seen by all who must act; what is not known is never shown as a number.
import assert from "node:assert/strict";
import { api, gone, has, id, probe, says, shown, story, until } from "./house.mjs";

/** A sample is current for 15 s; then nobody knows. */
const SILENT_WITHIN_MS = 20_000;

story("a fridge beyond its limit is told to the kitchen, the waiter and the monitor, until it is back", async (scene) => {
  const fridge = await probe("Walk-in fridge");
  const pages = [
    await scene.open("cook", "kitchen/"),
    await scene.open("waiter", "pos/"),
    await scene.open("manager", "haccp/"),
  ];
  const tile = id(pages[2], `probe-${fridge.id}`);
  await has(tile, "data-state", "ok");
  await scene.probeFault("walk-in", { fault: "value", value: 9, jump: true });
  for (const page of pages) await says(id(page, "breach-banner"), "Walk-in fridge is too warm");
  await has(tile, "data-state", "breach");
  await says(tile, "Too warm");
  await tile.click();
  await shown(pages[2].locator(".plot canvas"));
  await scene.probeFault("walk-in", { fault: "none", jump: true });
  for (const page of pages) await gone(id(page, "breach-banner"));
  await has(tile, "data-state", "ok");
});

story("a probe without a value shows words, never a number", async (scene) => {
  const monitor = await scene.open("manager", "haccp/");
  const cases = [
    ["Freezer", "freezer", "silent", "NO DATA: the probe does not answer"],
    ["Bar fridge", "bar-fridge", "nan", "NO DATA: the probe sends no number"],
    ["Grill drawer", "grill-drawer", "sentinel", "NO DATA"],
  ];
  for (const [, name, fault] of cases) await scene.probeFault(name, { fault });
  for (const [name, , , words] of cases) {
    const tile = id(monitor, `probe-${(await probe(name)).id}`);
    await has(tile, "data-state", "no_data");
    await says(tile, words);
    assert.doesNotMatch(await tile.locator(".unit-value").textContent(), /\d/);
  }
  for (const [, name] of cases) await scene.probeFault(name, { fault: "none", jump: true });
  for (const [name] of cases) await has(id(monitor, `probe-${(await probe(name)).id}`), "data-state", "ok");
});

story("a probe that sends nothing any more does not leave its last number standing", async (scene) => {
  const monitor = await scene.open("manager", "haccp/");
  const tile = id(monitor, `probe-${(await probe("Dessert display")).id}`);
  await has(tile, "data-state", "ok");
  await scene.probeFault("dessert", { fault: "silent" });
  await until("there is no data", async () => (await tile.getAttribute("data-state")) === "no_data", SILENT_WITHIN_MS);
  await says(tile, "NO DATA");
  assert.doesNotMatch(await tile.locator(".unit-value").textContent(), /\d/);
});

story("until the plan has come nobody says that a unit has no limits", async (scene) => {
  const unit = await probe("Dessert display");
  scene.undo(() => api("manager", "PUT", `/haccp/probes/${unit.id}`, { maxMilliC: unit.maxMilliC }));
  await api("manager", "PUT", `/haccp/probes/${unit.id}`, { maxMilliC: null });
  scene.allow(/ERR_FAILED/);
  const prepare = (context) => context.route("**/api/v1/haccp/plan", (route) => route.abort());
  const page = await scene.open("manager", "haccp/", { prepare });
  await says(id(page, `probe-${unit.id}`), "Limits not known yet");
  await says(id(page, "poll-trouble"), "The box does not answer");
  const other = await scene.open("manager", "haccp/");
  const tile = id(other, `probe-${unit.id}`);
  await shown(tile);
  await gone(tile.getByText("Limits not known yet"));
  assert.equal(await id(other, "poll-trouble").count(), 0);
});
