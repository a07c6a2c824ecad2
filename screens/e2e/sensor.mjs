// A sensor of our own, in QEMU, on a serial line: from its chip to the alarm on a screen, and what the record says of it.
// In a restaurant of its own (`xtask test` opens it), because this alarm never ends.
import assert from "node:assert/strict";
import { api, says, story, until } from "./house.mjs";

story("a sensor that is too warm alarms on the kitchen's screen and stands in the record", async (scene) => {
  const { probes } = await api("manager", "GET", "/haccp/probes");
  const store = probes.find(({ name }) => name === "Cold store");
  assert.ok(store, "the restaurant has the sensor");
  const alert = await until("the box has raised it", async () => {
    const { alerts } = await api("manager", "GET", "/alerts?open=true&category=temperature_violation");
    return alerts.find(({ about }) => about === store.id);
  });
  for (const page of ["kitchen/", "pos/", "haccp/"]) {
    const screen = await scene.open("manager", page);
    await says(screen.getByTestId(`alert-${alert.id}`), "Cold store is too warm");
  }
  const { records } = await api("manager", "GET", "/haccp/records?open=true");
  assert.ok(records.some(({ summary }) => summary.startsWith("Cold store: ")), JSON.stringify(records));
  const { breaches } = await api("auditor", "GET", "/haccp/breaches?open=true");
  assert.equal(breaches.find(({ probeId }) => probeId === store.id).limitMilliC, 1_000);
  const { openViolations } = await api("auditor", "GET", "/haccp/compliance");
  assert.ok(openViolations >= 1, `${openViolations} open`);
});
