// Sensors of our own firmware: what each said of itself and what its line lost, the register of signed images, and
// updates, which the box drives and whose end it writes down.
import { useState } from "preact/hooks";
import { firmware as askFirmware, sensors as askSensors } from "../api/safety";
import { may } from "../api/session";
import type { Sensor } from "../api/types";
import { t } from "../i18n";
import { picture } from "../live/live";
import { usePoll } from "../state/poll";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { PollTrouble } from "../ui/Trouble";
import { Firmware } from "./Firmware";
import { useFollow } from "./follow";
import { mayTakeUpdate, SensorCard } from "./SensorCard";

const REGISTER_EVERY_MS = 60_000;

export function SensorsPage() {
  const list = useFollow(["sensor"], askSensors);
  const register = usePoll(askFirmware, { everyMs: REGISTER_EVERY_MS });
  const told = useStore(picture, (now) => now.sensors);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // Only the box that a sensor is wired to can reach it.
  const mayAct = useStore(settings, (now) => now?.kind === "box") && may("haccp.configure");
  const sensors = merged(list.value?.sensors ?? [], told);
  const choose = (id: string) =>
    setChosen((now) => new Set(now.has(id) ? [...now].filter((other) => other !== id) : [...now, id]));
  return (
    <div class="sensors">
      <section>
        <h2>{t("sensors.title")}</h2>
        <PollTrouble poll={list} />
        {list.value === null && !list.lost && !list.refusal && <p class="soft">{t("loading")}</p>}
        {list.value !== null && sensors.length === 0 && <p class="soft">{t("sensors.none")}</p>}
        <ul class="sensor-cards" data-testid="sensors">
          {sensors.map((sensor) => (
            <SensorCard key={sensor.id} sensor={sensor} mayAct={mayAct} chosen={chosen.has(sensor.id)} onChoose={choose} />
          ))}
        </ul>
      </section>
      <Firmware
        register={register}
        mayAct={mayAct}
        sensors={sensors.filter((sensor) => chosen.has(sensor.id) && mayTakeUpdate(sensor))}
        onUpdated={(all) => {
          if (all) setChosen(new Set());
          list.again();
        }}
      />
    </div>
  );
}

/** What the feed told of a sensor is newer than any list. */
function merged(list: readonly Sensor[], told: ReadonlyMap<string, Sensor>): Sensor[] {
  const all = new Map([...list.map((sensor): [string, Sensor] => [sensor.id, sensor]), ...told]);
  return [...all.values()].sort((a, b) => a.serial.localeCompare(b.serial));
}
