// What a screen holds of the box's rules, so that it can say them before anything is sent, is what the box holds.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

function list(path, begins) {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const found = begins.exec(text);
  assert.ok(found, `${path} has no ${begins}`);
  return found[1].split(",").map((one) => one.trim()).filter((one) => one !== "");
}

const table = (path, begins) => list(path, begins).map((number) => Number(number.replaceAll("_", "")));

test("water boils on the screen where it boils in the box", () => {
  const box = table("core/domain/src/safety/calibration.rs", /const BOILING: \[i32; 9\] = \[([\d_, ]+)\];/);
  const screen = table("screens/src/safety/CalibrationPage.tsx", /const BOILING = \[([\d_, ]+)\];/);
  assert.equal(box.length, 9);
  assert.deepEqual(screen, box);
});

test("a report has the sections on the screen that it has in the box", () => {
  const box = list("core/modules/src/reports/gather/mod.rs", /pub const SECTIONS: \[&str; \d+\] = \[([^\]]+)\];/);
  const screen = list("screens/src/safety/report.ts", /export const SECTIONS = \[([^\]]+)\] as const;/);
  assert.ok(box.length > 10);
  assert.deepEqual(screen, box);
});
