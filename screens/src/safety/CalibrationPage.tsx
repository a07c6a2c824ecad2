// Calibrations: which probe is due, and the form for comparing one: in melting ice, in boiling water at this height, or
// with a reference in a bath. What the comparison means is said before it is saved; the box judges.
import { useState } from "preact/hooks";
import { calibrate, calibrationsDue, plan as askPlan } from "../api/safety";
import { may } from "../api/session";
import type { Calibration, CalibrationState, NewCalibration } from "../api/types";
import { t, word } from "../i18n";
import { signedMilli } from "../haccp/UnitSections";
import { boxNow } from "../live/pulse";
import { picture } from "../live/live";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { day, moment } from "../ui/format";
import { Icon } from "../ui/icons";
import { Segments } from "../ui/Segments";
import { exactDegrees } from "../ui/temperature";
import { PollTrouble, Trouble } from "../ui/Trouble";
import { useFollow } from "./follow";
import { MilliField, milliOf } from "./MilliField";
import { scaleOf, type Plan } from "./plan";
import type { TabProps } from "./SafetyPage";

const METHODS = ["ice", "boil", "ice_and_boil", "bath"] as const;
type Method = (typeof METHODS)[number];
const TONES: Record<string, string> = { never: "none", valid: "ok", due: "warn", overdue: "bad" };
/** What the box refuses: a probe that is further off is replaced. */
const MOST_OFF = 2_000;
/** Water boils at, every 500 m up, in thousandths of a degree Celsius; the box's own table decides. */
const BOILING = [100_000, 98_340, 96_680, 95_020, 93_360, 91_700, 90_030, 88_360, 86_680];

function boiling(metres: number): number {
  const at = (index: number) => BOILING[Math.min(index, BOILING.length - 1)]!;
  const step = Math.floor(metres / 500);
  return at(step) + Math.trunc(((at(step + 1) - at(step)) * (metres % 500)) / 500);
}

export function CalibrationPage({ path, go }: TabProps) {
  const list = useFollow(["calibration", "plan"], calibrationsDue);
  const standing = useFollow(["plan"], askPlan);
  const plan = standing.value?.inForce?.plan as unknown as Plan | undefined;
  const probes = useStore(picture, (now) => now.probes);
  const rows = (list.value?.probes ?? []).filter(({ probeId }) => probes.get(probeId)?.retired !== true);
  const order = ["overdue", "due", "never", "valid"];
  rows.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const chosen = rows.find(({ probeId }) => probeId === path[0]);
  return (
    <div class={chosen ? "split with-panel" : "split"}>
      <div class="split-list">
        <ul class="record-list">
          {rows.map((row) => (
            <li key={row.probeId}>
              <button type="button" class="record-row" aria-pressed={row === chosen} data-testid={`calibrate-${row.probeId}`} onClick={() => go(row.probeId)}>
                <span class="record-words">
                  <strong>{row.probeName}</strong>
                  <small>
                    {row.last
                      ? `${word("method", row.last.method)} · ${moment(row.last.at, boxNow())} · ${row.last.points.map((point) => signedMilli(point.foundMilli)).join(", ")}`
                      : t("haccp.calibration.never")}
                  </small>
                </span>
                <span class={`state ${TONES[row.state] ?? "none"}`}>
                  {word("calibrationState", row.state)}
                  {row.dueAt && ` ${day(row.dueAt)}`}
                </span>
              </button>
            </li>
          ))}
        </ul>
        <PollTrouble poll={[list, standing]} />
      </div>
      {chosen && <CalibrationForm key={chosen.probeId} row={chosen} plan={plan ?? null} onClose={() => go()} onDone={list.again} />}
    </div>
  );
}

interface FormProps {
  row: CalibrationState;
  plan: Plan | null;
  onClose: () => void;
  onDone: () => void;
}

function CalibrationForm({ row, plan, onClose, onDone }: FormProps) {
  const [method, setMethod] = useState<Method>("ice");
  const [altitude, setAltitude] = useState(String(plan?.calibration?.altitudeMetres ?? 0));
  const [reference, setReference] = useState("");
  const [read, setRead] = useState(["", ""]);
  const [references, setReferences] = useState(["", ""]);
  const [result, setResult] = useState<Calibration | null>(null);
  const subject = `calibrate:${row.probeId}`;
  const busy = useWrite(subject)?.state === "sending";
  const current = useStore(picture, (now) => now.probes.get(row.probeId)?.current.milliC ?? null);
  const scale = scaleOf(plan);
  const metres = /^\d{1,4}$/.test(altitude.trim()) ? Number(altitude) : undefined;
  const twice = method === "ice_and_boil" || (method === "bath" && references[1]!.trim() !== "");
  const given = (index: number): number | undefined => {
    if (method === "bath") return milliOf(references[index]!, scale);
    const boils = method === "boil" || index === 1;
    return boils ? (metres === undefined ? undefined : boiling(metres)) : 0;
  };
  const points = (twice ? [0, 1] : [0]).map((index) => ({ reference: given(index), read: milliOf(read[index]!, scale) }));
  const complete = points.every((point) => point.reference !== undefined && point.read !== undefined) && metres !== undefined;
  const change = (set: () => void) => {
    if (!busy) forget(subject);
    setResult(null);
    set();
  };
  const put = (list: string[], index: number, text: string) => list.map((old, i) => (i === index ? text : old));
  const save = async () => {
    if (!complete) return;
    const body = {
      probeId: row.probeId,
      method,
      reference: reference.trim() || word("method", method),
      altitudeMetres: metres,
      points: points.map((point) => ({ readMilliC: point.read, ...(method === "bath" ? { referenceMilliC: point.reference } : {}) })),
    } as NewCalibration;
    const answer = await write(subject, (key) => calibrate(body, key));
    if (!answer) return;
    setResult(answer);
    onDone();
  };
  return (
    <section class="side-panel" data-testid="calibration-form">
      <header>
        <h2>{row.probeName}</h2>
        <button type="button" class="quiet" aria-label={t("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {result ? (
        <Result result={result} />
      ) : may("haccp.record") ? (
        <>
          <Segments label={t("calibration.method")} value={method} options={METHODS.map((value) => ({ value, text: word("method", value) }))} onChoose={(value) => change(() => setMethod(value))} />
          <p class="soft">{word("methodMore", method)}</p>
          {method.includes("boil") && (
            <label class="field">
              <span>{t("calibration.altitude")}</span>
              <input inputMode="numeric" value={altitude} onInput={(event) => change(() => setAltitude(event.currentTarget.value))} />
              {metres !== undefined && <small>{t("calibration.boilsAt", { at: exactDegrees(boiling(metres)) })}</small>}
            </label>
          )}
          {(twice || method === "bath" ? [0, 1] : [0]).map((index) => (
            <div key={index} class="measured">
              {method === "bath" && (
                <MilliField
                  label={t(index === 0 ? "calibration.reference1" : "calibration.reference2")}
                  scale={scale}
                  text={references[index]!}
                  onInput={(text) => change(() => setReferences((now) => put(now, index, text)))}
                />
              )}
              <MilliField
                label={pointName(method, index)}
                scale={scale}
                text={read[index]!}
                testId={`read-${index}`}
                hint={index === 0 && current !== null ? t("calibration.shownNow", { value: exactDegrees(current) }) : undefined}
                onInput={(text) => change(() => setRead((now) => put(now, index, text)))}
              />
              {points[index]?.read !== undefined && points[index]?.reference !== undefined && <Offset milli={points[index]!.read! - points[index]!.reference!} tolerance={plan?.calibration?.toleranceMilli ?? 1_000} />}
            </div>
          ))}
          <label class="field">
            <span>{t("calibration.with")}</span>
            <input value={reference} placeholder={word("method", method)} onInput={(event) => change(() => setReference(event.currentTarget.value))} />
          </label>
          <button type="button" class="primary big wide" disabled={busy || !complete} data-testid="calibrate" onClick={() => void save()}>
            {t(busy ? "sending" : "calibration.save")}
          </button>
          <Trouble subject={subject} testId="calibration-trouble" />
        </>
      ) : (
        <p class="soft">{t("calibration.mayNot")}</p>
      )}
    </section>
  );
}

function pointName(method: Method, index: number): string {
  if (method === "bath") return t("calibration.read");
  return t(method === "boil" || index === 1 ? "calibration.readBoil" : "calibration.readIce");
}

function Offset({ milli, tolerance }: { milli: number; tolerance: number }) {
  const size = Math.abs(milli);
  const tone = size > MOST_OFF ? "bad" : size > tolerance ? "warn" : "ok";
  const words = size > MOST_OFF ? "calibration.tooFar" : size > tolerance ? "calibration.beyond" : "calibration.good";
  return (
    <p class={`message ${tone}`} data-testid="offset">
      {t("calibration.off", { found: signedMilli(milli) })}: {t(words)}
    </p>
  );
}

function Result({ result }: { result: Calibration }) {
  return (
    <div data-testid="calibration-result" class="calibration-result">
      <p class={result.leftGood ? "message ok" : "message bad"}>{t("calibration.saved", { day: day(result.dueAt) })}</p>
      <dl class="facts">
        {result.points.map((point) => (
          <div key={point.referenceMilliC}>
            <dt>{exactDegrees(point.referenceMilliC)} °C</dt>
            <dd>{t("calibration.foundLeft", { found: signedMilli(point.foundMilli), left: signedMilli(point.leftMilli) })}</dd>
          </div>
        ))}
      </dl>
      {result.inDoubt && (
        <p class="message warn">
          {t("calibration.doubtSpan", {
            from: result.inDoubt.from ? moment(result.inDoubt.from, boxNow()) : t("calibration.ever"),
            to: moment(result.inDoubt.to, boxNow()),
          })}
        </p>
      )}
    </div>
  );
}
