// One sensor of ours: whether it is heard, what it said of itself, what was lost, and its update.
import { useEffect, useState } from "preact/hooks";
import { callOffUpdate, showLamp } from "../api/safety";
import type { Sensor, SensorLive, SensorTold, SensorUpdate } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { date, moment } from "../ui/format";
import { Trouble } from "../ui/Trouble";

/** As long as the lamp blinks. */
const LAMP_MS = 10_000;
const BATTERY_LOW = 20;
const TONES: Record<string, string> = { done: "ok", interrupted: "warn", refused: "bad", rolled_back: "bad" };

export interface SensorCardProps {
  sensor: Sensor;
  mayAct: boolean;
  chosen: boolean;
  onChoose: (id: string) => void;
}

export const mayTakeUpdate = ({ live, update }: Sensor): boolean => live?.up === true && update?.state !== "under_way";

export function SensorCard({ sensor, mayAct, chosen, onChoose }: SensorCardProps) {
  const { serial, live, update } = sensor;
  const now = boxNow();
  const state = live == null ? "away" : live.up ? "heard" : "silent";
  const lost = sensor.lostReadings;
  return (
    <li class={`sensor-card ${state}`} data-testid={`sensor-${serial}`} data-state={state} data-update={update?.state}>
      <header>
        <strong>{serial}</strong>
        <span class={`state ${state === "heard" ? "ok" : state === "silent" ? "bad" : "none"}`}>
          {t(`sensors.${state}`, { why: live?.detail || t("haccp.noData") })}
        </span>
      </header>
      {lost > 0 && (
        <p class="message bad" data-testid={`lost-${serial}`}>
          {t(lost === 1 ? "sensors.lost_one" : "sensors.lost_other", { n: lost, at: sensor.lostAt ? moment(sensor.lostAt, now) : "–" })}
        </p>
      )}
      {live?.fault && <p class="message bad">{t("sensors.fault", { fault: word("sensorFault", live.fault) })}</p>}
      {live?.batteryPercent != null && live.batteryPercent < BATTERY_LOW && (
        <p class="message warn">{t("haccp.battery", { n: live.batteryPercent })}</p>
      )}
      {live && live.counterfeits.length > 0 && (
        <p class="message warn">{t("sensors.counterfeit", { chips: live.counterfeits.join(", ") })}</p>
      )}
      <Facts sensor={sensor} />
      {update && <Update sensor={sensor} update={update} mayAct={mayAct} />}
      {mayAct && live?.up && (
        <div class="sensor-steps">
          <Told subject={`lamp:${sensor.id}`} text={t("sensors.lamp")} done={t("sensors.lampOn")} testId={`lamp-${serial}`} send={(key) => showLamp(sensor.id, key)} />
          {mayTakeUpdate(sensor) && (
            <label class="tick">
              <input type="checkbox" checked={chosen} data-testid={`choose-${serial}`} onChange={() => onChoose(sensor.id)} />
              {t("sensors.choose")}
            </label>
          )}
        </div>
      )}
      <Trouble subject={`sensor:update:${sensor.id}`} testId={`update-trouble-${serial}`} />
    </li>
  );
}

function Facts({ sensor }: { sensor: Sensor }) {
  const { live, firmware, starts } = sensor;
  const running = live ? t("sensors.slot", { version: firmware, slot: live.slot }) : firmware;
  const since = { n: starts, since: date(sensor.firstSeenAt) };
  const facts: [string, string][] = [
    [t("sensors.line"), sensor.line],
    [t("sensors.board"), sensor.hardware],
    [t("sensors.firmware"), live?.trial ? `${running} · ${t("sensors.trial")}` : running],
    [t("sensors.start"), `${sensor.startedAt ? moment(sensor.startedAt, boxNow()) : "–"} · ${word("resetCause", sensor.resetCause)}`],
    ["", t(starts === 1 ? "sensors.starts_one" : "sensors.starts_other", since)],
    ...(live ? liveFacts(live) : []),
    ...(sensor.lostReadings === 0 ? [["", t("sensors.noneLost")] as [string, string]] : []),
  ];
  return (
    <dl class="facts">
      {facts.map(([name, text]) => (
        <div key={name + text}>
          <dt>{name}</dt>
          <dd>{text || "–"}</dd>
        </div>
      ))}
    </dl>
  );
}

function liveFacts(live: SensorLive): [string, string][] {
  const battery = live.batteryPercent;
  const counts = (["damaged", "duplicates", "missed", "contradicted"] as const).map((one) => t(`sensors.${one}`, { n: live[one] }));
  return [
    [t("sensors.battery"), battery == null ? t("sensors.batteryNone") : `${battery} %`],
    [t("sensors.chips"), String(live.probes)],
    [t("sensors.counts"), counts.join(", ")],
  ];
}

interface UpdateProps {
  sensor: Sensor;
  update: SensorUpdate;
  mayAct: boolean;
}

function Update({ sensor, update, mayAct }: UpdateProps) {
  const now = boxNow();
  const { from, version, detail } = update;
  if (update.state !== "under_way") {
    return (
      <div class="sensor-update" data-testid={`updated-${sensor.serial}`}>
        <span class={`state ${TONES[update.state] ?? "none"}`}>{word("updateState", update.state)}</span>
        {detail && <p>{detail}</p>}
        <small>{t("sensors.ended", { from, version, at: moment(update.endedAt ?? update.startedAt, now) })}</small>
      </div>
    );
  }
  const progress = sensor.live?.progress ?? null;
  const { blocks: n, of } = progress ?? { blocks: 0, of: 0 };
  const testId = `progress-${sensor.serial}`;
  const phase = progress?.phase ?? "begun";
  const sending = phase === "sending" || phase === "begun";
  return (
    <div class="sensor-update" data-testid={`updating-${sensor.serial}`} data-phase={phase}>
      <span class="state accent">{word("updateState", update.state)}</span>
      <label>
        {/* How long a start and a trial take nobody knows: another element, for one that had a value keeps it. */}
        {phase === "sending" ? <progress key="sent" max={Math.max(of, 1)} value={n} data-testid={testId} /> : <progress key="unknown" data-testid={testId} />}
        <span>{word("sensors.phase", phase).replace("{n}", String(n)).replace("{of}", String(of))}</span>
      </label>
      <small>{t("sensors.updating", { from, version, at: moment(update.startedAt, now), by: update.startedBy ?? "–" })}</small>
      {mayAct && sensor.live?.up && sending && (
        <Told subject={`call-off:${update.id}`} text={t("sensors.callOff")} testId={`call-off-${sensor.serial}`} send={(key) => callOffUpdate(sensor.id, key)} />
      )}
    </div>
  );
}

interface ToldProps {
  subject: string;
  text: string;
  /** What is said once the sensor was told. */
  done?: string;
  testId: string;
  send: (key: string) => Promise<SensorTold>;
}

/** A button that tells a sensor something; whether its line took it is said beside. */
function Told({ subject, text, done, testId, send }: ToldProps) {
  const [told, setTold] = useState<SensorTold | null>(null);
  const busy = useWrite(subject)?.state === "sending";
  useEffect(() => {
    if (told === null) return;
    const timer = setTimeout(() => setTold(null), LAMP_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const act = async () => {
    const answer = await write(subject, send);
    if (answer) setTold(answer);
  };
  return (
    <div class="sensor-told">
      <button type="button" class="big" disabled={busy} aria-busy={busy} data-testid={testId} onClick={() => void act()}>
        {busy ? t("sending") : text}
      </button>
      {told?.told === true && done && (
        <p class="message ok" role="status">
          {done}
        </p>
      )}
      {told?.told === false && (
        <p class="message warn" role="alert">
          {t("sensors.notTold")}
        </p>
      )}
      <Trouble subject={subject} testId={`${testId}-trouble`} />
    </div>
  );
}
