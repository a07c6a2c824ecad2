// A sensor of ours takes another firmware from the page for sensors: one that does not run, from which it goes back, and
// one that does. The restaurant's simulated sensor runs from its slot a, and its images are for slot b.
import { dirname, join } from "node:path";
import { api, has, id, ready, says, shown, story, until } from "./house.mjs";

/** Sending, the start, the trial, and going back. */
const UPDATE_MS = 40_000;
const HEARD_MS = 20_000;
const WHOLE_MS = UPDATE_MS + 2 * HEARD_MS + 15_000;

const image = (file) => join(dirname(ready.data_dir), file);

const heard = () =>
  until(
    "the sensor is heard",
    async () => {
      const { sensors } = await api("manager", "GET", "/haccp/sensors");
      return sensors.find(({ live, update }) => live?.up && update?.state !== "under_way");
    },
    HEARD_MS,
  );

async function register(page, version) {
  await id(page, "register-image").setInputFiles(image(`firmware-${version}.tvf`));
  await says(id(page, "registered"), version);
  await shown(id(page, `image-${version}-b`));
}

/** Until the update has ended so, and the sensor says that it runs this. */
async function update(page, serial, version, end, running) {
  await id(page, `choose-${serial}`).check();
  await id(page, `version-${version}`).click();
  await id(page, "update-sensors").click();
  await shown(id(page, `updating-${serial}`));
  const card = id(page, `sensor-${serial}`);
  await until(`the update has ended: ${end}`, async () => (await card.getAttribute("data-update")) === end, UPDATE_MS);
  await until(`it runs ${running}`, async () => (await card.textContent()).includes(running), HEARD_MS);
}

story(
  "a firmware that nobody we know signed is refused, and a sensor goes back from one that does not run",
  async (scene) => {
    const { serial, firmware } = await heard();
    const page = await scene.open("manager", "safety/#sensors");
    scene.allow(/422/);
    await id(page, "register-image").setInputFiles(image("foreign.tvf"));
    await says(id(page, "register-trouble"), "not signed with the key");
    await register(page, "0.3.0");
    await update(page, serial, "0.3.0", "rolled_back", `${firmware}, slot a`);
    await says(id(page, `updated-${serial}`), "Rolled back");
  },
  WHOLE_MS,
);

story(
  "a sensor takes a firmware that runs",
  async (scene) => {
    const { serial } = await heard();
    const page = await scene.open("manager", "safety/#sensors");
    await register(page, "0.2.0");
    await update(page, serial, "0.2.0", "done", "0.2.0, slot b");
    await says(id(page, `updated-${serial}`), "Updated");
    await has(id(page, `sensor-${serial}`), "data-state", "heard");
  },
  WHOLE_MS,
);
