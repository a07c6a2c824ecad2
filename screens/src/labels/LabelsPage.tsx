// Labels for what was prepared: what it is, made now by whoever is logged in, until when it may be used.
import { useState } from "preact/hooks";
import { printLabels } from "../api/calls";
import { may, session } from "../api/session";
import type { PrintJob } from "../api/types";
import { t, tn } from "../i18n";
import { keep, recall } from "../state/keep";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { moment } from "../ui/format";
import { Segments } from "../ui/Segments";
import { Stepper } from "../ui/Stepper";
import { Trouble } from "../ui/Trouble";
import { useNow } from "../ui/useNow";
import { Printed } from "./Printed";
import { PRESETS, useBy, type Unit } from "./useBy";

const SUBJECT = "labels:print";
/** What the box takes of each text. */
const TEXT_LIMIT = 100;
const MOST = 50;
const RECENT = "labels.recent";
const RECENT_SHOWN = 12;
const JOBS_SHOWN = 5;
const UNITS: readonly Unit[] = ["hours", "days", "none"];

export function LabelsPage() {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [copies, setCopies] = useState(1);
  const [unit, setUnit] = useState<Unit>("days");
  const [length, setLength] = useState("3");
  const [recent, setRecent] = useState(() => recall<string[]>(RECENT) ?? []);
  const [jobs, setJobs] = useState<PrintJob[]>([]);
  const who = useStore(session, (now) => now?.person.name);
  const busy = useWrite(SUBJECT)?.state === "sending";
  const now = useNow();
  const until = useBy(now, unit, length);
  const given = (name: string) => typed[name]?.trim() || undefined;
  const item = given("item");
  const ready = item !== undefined && until !== undefined;
  /** Another label is another command: it must not go under the key of the one before. */
  const change = (set: () => void) => {
    if (busy) return;
    forget(SUBJECT);
    set();
  };
  const put = (name: string, text: string) => change(() => setTyped((all) => ({ ...all, [name]: text })));
  const print = async () => {
    if (item === undefined || until === undefined || busy) return;
    const label = {
      layout: "prep_label",
      item,
      copies,
      quantity: given("quantity") ?? "",
      batch: given("batch") ?? "",
      note: given("note") ?? "",
      ...(until !== null && { useBy: new Date(until).toISOString() }),
    };
    const queued = await write(SUBJECT, (key) => printLabels(label, key));
    if (!queued) return;
    setJobs((all) => [queued.job, ...all.filter(({ id }) => id !== queued.job.id)].slice(0, JOBS_SHOWN));
    const names = [item, ...recent.filter((name) => name !== item)].slice(0, RECENT_SHOWN);
    keep(RECENT, names);
    setRecent(names);
    setCopies(1);
  };
  const field = (name: string, label: string, hint?: string) => (
    <label class="field">
      <span>{label}</span>
      <input
        value={typed[name] ?? ""}
        maxLength={TEXT_LIMIT}
        readOnly={busy}
        placeholder={hint}
        data-testid={`label-${name}`}
        onInput={(event) => put(name, event.currentTarget.value)}
      />
    </label>
  );
  return (
    <main class="labels">
      <form
        class="label-form"
        onSubmit={(event) => {
          event.preventDefault();
          void print();
        }}
      >
        {field("item", t("labels.item"))}
        {recent.length > 0 && (
          <div class="choices" role="group" aria-label={t("labels.recent")}>
            {recent.map((name) => (
              <button key={name} type="button" aria-pressed={name === item} disabled={busy} onClick={() => put("item", name)}>
                {name}
              </button>
            ))}
          </div>
        )}
        <div class="pair">
          {field("quantity", t("labels.quantity"), t("labels.quantityHint"))}
          {field("batch", t("labels.batch"))}
        </div>
        <div class="field">
          <span>{t("labels.useBy")}</span>
          <div class="choices" role="group" aria-label={t("labels.useBy")}>
            {PRESETS.map((preset) => (
              <button
                key={`${preset.length} ${preset.unit}`}
                type="button"
                class="big"
                aria-pressed={preset.unit === unit && preset.length === length.trim()}
                disabled={busy}
                data-testid={`use-by-${preset.length}-${preset.unit}`}
                onClick={() =>
                  change(() => {
                    setUnit(preset.unit);
                    setLength(preset.length);
                  })
                }
              >
                {t(`labels.in.${preset.unit}`, { n: preset.length })}
              </button>
            ))}
          </div>
          <div class="label-own">
            <input
              inputMode="numeric"
              aria-label={t("labels.length")}
              value={unit === "none" ? "" : length}
              disabled={unit === "none"}
              readOnly={busy}
              maxLength={4}
              data-testid="label-length"
              onInput={(event) => {
                const { value } = event.currentTarget;
                change(() => setLength(value));
              }}
            />
            <Segments
              label={t("labels.unit")}
              value={unit}
              disabled={busy}
              options={UNITS.map((value) => ({ value, text: t(`labels.unit.${value}`) }))}
              onChoose={(value) => change(() => setUnit(value))}
            />
          </div>
        </div>
        {until === undefined && <p class="message bad">{t("labels.wrongLength")}</p>}
        {field("note", t("check.note"))}
        <dl class="facts" data-testid="label-facts">
          <div>
            <dt>{t("labels.made")}</dt>
            <dd>
              {moment(new Date(now).toISOString(), now)} · {who ?? "–"}
            </dd>
          </div>
          <div>
            <dt>{t("labels.useBy")}</dt>
            <dd data-testid="label-until">{until == null ? t("labels.unit.none") : moment(new Date(until).toISOString(), now)}</dd>
          </div>
        </dl>
        <div class="label-foot">
          <Stepper value={copies} name={t("labels.copies")} min={1} max={MOST} disabled={busy} onChange={(n) => change(() => setCopies(n))} />
          {may("printing.reprint") ? (
            <button type="submit" class="primary big" disabled={busy || !ready} aria-busy={busy} data-testid="print-labels">
              {busy ? t("sending") : tn("labels.print", copies)}
            </button>
          ) : (
            <p class="soft">{t("labels.mayNot")}</p>
          )}
        </div>
        <Trouble subject={SUBJECT} testId="label-trouble" />
      </form>
      {jobs.length > 0 && <Printed jobs={jobs} />}
    </main>
  );
}
