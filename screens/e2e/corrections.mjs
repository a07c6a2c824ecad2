// What was written down wrong is put right without a word lost, and a record has somebody who sees to it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { api, id, says, story, until } from "./house.mjs";

const named = (what) => `${what} ${randomBytes(2).toString("hex")}`;

async function planInForce() {
  if ((await api("manager", "GET", "/haccp/plan")).inForce) return;
  const { presets } = await api("manager", "GET", "/haccp/plan/presets");
  const { plan } = presets.find((preset) => preset.id === "us-2022");
  const { draft } = await api("manager", "PUT", "/haccp/plan/draft", { plan });
  await api("manager", "POST", "/haccp/plan/approve", { draftVersion: draft.version });
}

story("a mistyped delivery is corrected: what stands passes, and what stood before stays in sight", async (scene) => {
  await planInForce();
  const milk = named("Milk");
  const { id: check } = await api("cook", "POST", "/haccp/checks", {
    check: "delivery",
    values: [{ rule: "US-RECV", milliC: 9_000 }],
    answers: [
      { ask: "packaging", yes: true },
      { ask: "dates", yes: true },
    ],
    product: milk,
    supplier: "Dairy & Co",
    accepted: true,
  });
  const page = await scene.open("cook", "safety/");
  const row = id(page, "done").locator("li").filter({ hasText: milk });
  await says(row, /^Not passed/);
  await row.getByTestId("correct").click();
  assert.equal(await id(page, "milli-US-RECV").inputValue(), "48.2");
  assert.equal(await id(page, "check-product").inputValue(), milk);
  await id(page, "milli-US-RECV").fill("39.2");
  assert.equal(await id(page, "check-send").isDisabled(), true, "the reason is missing");
  await id(page, "check-why").fill("mistyped");
  await id(page, "check-send").click();
  await says(row, /^Passed/);
  await says(row.getByTestId("correction"), /Corrected .+ by Kalle Cook: mistyped; before: 48\.2 °F, not passed/);
  const { done } = await api("manager", "GET", "/haccp/checks");
  const { passed, values, corrections } = done.find((one) => one.id === check);
  assert.deepEqual([passed, values[0].milliC], [true, 4_000]);
  assert.deepEqual(corrections.map(({ why, before }) => [why, before.passed, before.values[0].milliC]), [["mistyped", false, 9_000]]);
});

story("somebody takes a record on, the list says who, and it is given back", async (scene) => {
  const summary = named("Ice in the freezer");
  const { id: record } = await api("manager", "POST", "/haccp/records", { summary, severity: "warn" });
  scene.undo(async () => {
    const action = { choice: "other", text: "End of the story", disposition: "no_food", cause: "a story" };
    await api("manager", "POST", `/haccp/records/${record}/actions`, action);
    await api("manager", "POST", `/haccp/records/${record}/close`);
  });
  const responsible = async () => (await api("manager", "GET", `/haccp/records/${record}`)).responsible ?? null;
  const page = await scene.open("cook", `safety/#records/${record}`);
  const other = await scene.open("manager", `safety/#records/${record}`);
  await id(page, "responsible").selectOption({ label: "Kalle Cook" });
  await until("it is the cook's", async () => (await responsible()) === "Kalle Cook");
  await says(id(page, `record-${record}`), "Kalle Cook");
  await says(id(other, `record-${record}`), "Kalle Cook");
  await id(other, "responsible").selectOption({ label: "Nobody" });
  await until("it is nobody's", async () => (await responsible()) === null);
  await until("the cook's page says so", async () => (await id(page, "responsible").inputValue()) === "");
});
