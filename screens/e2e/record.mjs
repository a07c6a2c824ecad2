// The record that an inspector takes along: a page that checks itself, without the box.
import { api, file, probe, says, story } from "./house.mjs";

story("a saved record shows its readings and that nobody changed it, and a changed one that somebody did", async (scene) => {
  const fridge = await probe("Walk-in fridge");
  const measuredAt = new Date().toISOString();
  const reading = { sensorId: fridge.id, value: 3.4, unit: "C", measuredAt, source: "probe thermometer 7" };
  await api("cook", "POST", "/temperature", reading);
  const saved = await file("auditor", "/haccp/record.html");
  const page = await scene.openSaved(saved);
  await says(page.getByRole("status"), /^GOOD/);
  await says(page.getByRole("row").filter({ hasText: "probe thermometer 7" }).first(), "Walk-in fridge");
  await says(page.getByRole("row").filter({ hasText: "probe thermometer 7" }).first(), "3.4 °C");
  // One letter of the record, in its second half.
  const [begin, end] = [saved.indexOf('id="record">'), saved.indexOf("</script>")];
  const at = Math.floor((begin + end) / 2);
  const changed = saved.slice(0, at) + (saved[at] === "A" ? "B" : "A") + saved.slice(at + 1);
  await says((await scene.openSaved(changed)).getByRole("status"), /^NOT GOOD/);
});
