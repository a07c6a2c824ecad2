// Reports that somebody wants to read again: what was picked is saved under a name, and the box makes it by itself as
// often as it says there. What it made lies on the box, as files.
import { useEffect, useState } from "preact/hooks";
import { changeReport, removeReport, reportFilePath, reportFiles, savedReports, saveReport } from "../api/safety";
import { may } from "../api/session";
import type { ReportFile, SavedReport } from "../api/types";
import { t, tn, word } from "../i18n";
import { usePoll, type Poll } from "../state/poll";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { forget, write, writes } from "../state/write";
import { bytes, day, dayBegins, dayLater } from "../ui/format";
import { Icon } from "../ui/icons";
import { Segments } from "../ui/Segments";
import { PollTrouble, Trouble } from "../ui/Trouble";
import { FileButton } from "./FileButton";
import { bodyOf, EVERY, namingOf, picksOf, UNNAMED, type Naming, type Picks } from "./report";

const LIST_EVERY_MS = 30_000;
const NAME_LIMIT = 100;
const MAY_SAVE = "haccp.verify";

export interface SavedReportsProps {
  picks: Picks;
  /** Takes one into the form above. */
  onTake: (picks: Picks) => void;
}

export function SavedReports({ picks, onTake }: SavedReportsProps) {
  const list = usePoll(savedReports, { everyMs: LIST_EVERY_MS });
  const [naming, setNaming] = useState(UNNAMED);
  // What the box made lies there and nowhere else.
  const here = useStore(settings, (now) => now?.kind === "box");
  const reports = list.value?.reports ?? [];
  return (
    <>
      <section class="report-form">
        <h2>{t("saved.title")}</h2>
        {may(MAY_SAVE) && <SaveForm picks={picks} naming={naming} onChange={setNaming} onSaved={list.again} />}
        <PollTrouble poll={list} />
        {list.value === null && !list.lost && !list.refusal && <p class="soft">{t("loading")}</p>}
        {list.value !== null && reports.length === 0 && <p class="soft">{t("saved.none")}</p>}
        <ul class="saved-reports" data-testid="saved-reports">
          {reports.map((report) => (
            <SavedRow
              key={report.id}
              report={report}
              open={report.id === naming.id}
              onTake={() => {
                setNaming(namingOf(report));
                onTake(picksOf(report));
              }}
              onRemoved={() => {
                if (report.id === naming.id) setNaming(UNNAMED);
                list.again();
              }}
            />
          ))}
        </ul>
      </section>
      {here && <MadeFiles reports={list} />}
    </>
  );
}

const subjectOf = (id: string | null) => `report:save:${id ?? "new"}`;

interface SaveFormProps {
  picks: Picks;
  naming: Naming;
  onChange: (naming: Naming) => void;
  onSaved: () => void;
}

function SaveForm({ picks, naming, onChange, onSaved }: SaveFormProps) {
  const [saved, setSaved] = useState("");
  const { id } = naming;
  const busy = useStore(writes, (now) => [id, null].some((one) => now.get(subjectOf(one))?.state === "sending"));
  const body = bodyOf(picks, naming);
  useEffect(() => {
    // What is asked for now is another command: it must not go under the key of the one before.
    for (const subject of [subjectOf(id), subjectOf(null)]) {
      const state = writes.get().get(subject)?.state;
      if (state !== undefined && state !== "sending") forget(subject);
    }
  }, [picks, naming]);
  useEffect(() => setSaved(""), [picks]);
  const change = (change: Partial<Naming>) => {
    setSaved("");
    onChange({ ...naming, ...change });
  };
  const save = async (under: string | null) => {
    if (body === undefined || busy) return;
    const answer = await write(subjectOf(under), (key) => (under === null ? saveReport(body, key) : changeReport(under, body, key)));
    if (!answer) return;
    onChange(namingOf(answer));
    setSaved(answer.name);
    onSaved();
  };
  return (
    <>
      <p class="soft">{t("saved.more")}</p>
      <label class="field">
        <span>{t("saved.name")}</span>
        <input value={naming.name} maxLength={NAME_LIMIT} readOnly={busy} data-testid="report-name" onInput={(event) => change({ name: event.currentTarget.value })} />
      </label>
      <div class="field">
        <span>{t("saved.every")}</span>
        <Segments
          label={t("saved.every")}
          value={naming.every}
          options={EVERY.map((value) => ({ value, text: t(`saved.every.${value}`) }))}
          onChoose={(every) => change({ every })}
          disabled={busy}
        />
      </div>
      {naming.every !== "never" && (
        <label class="field">
          <span>{t("saved.keep")}</span>
          <input inputMode="numeric" value={naming.keep} readOnly={busy} data-testid="report-keep" onInput={(event) => change({ keep: event.currentTarget.value })} />
        </label>
      )}
      <div class="report-files">
        {id !== null && (
          <button type="button" class="primary big" disabled={busy || body === undefined} aria-busy={busy} data-testid="change-report" onClick={() => void save(id)}>
            {t(busy ? "sending" : "saved.change")}
          </button>
        )}
        <button type="button" class={id === null ? "primary big" : "big"} disabled={busy || body === undefined} aria-busy={busy} data-testid="save-report" onClick={() => void save(null)}>
          {t(busy ? "sending" : id === null ? "saved.save" : "saved.another")}
        </button>
      </div>
      {saved !== "" && (
        <p class="message ok" role="status">
          {t("saved.done", { name: saved })}
        </p>
      )}
      {id !== null && <Trouble subject={subjectOf(id)} testId="change-report-trouble" />}
      <Trouble subject={subjectOf(null)} testId="save-report-trouble" />
    </>
  );
}

interface SavedRowProps {
  report: SavedReport;
  open: boolean;
  onTake: () => void;
  onRemoved: () => void;
}

function SavedRow({ report, open, onTake, onRemoved }: SavedRowProps) {
  const [sure, setSure] = useState(false);
  const subject = `report:remove:${report.id}`;
  const busy = useWrite(subject)?.state === "sending";
  const remove = async () => {
    // One tap beside the other must not take it away.
    if (!sure) return setSure(true);
    if (await write(subject, (key) => removeReport(report.id, key).then(() => true))) onRemoved();
  };
  return (
    <li aria-current={open} data-testid={`saved-${report.name}`}>
      <div>
        <strong>{report.name}</strong>
        <small>{factsOf(report).join(" · ")}</small>
      </div>
      <button type="button" data-testid={`take-${report.name}`} onClick={onTake}>
        {t("saved.take")}
      </button>
      {may(MAY_SAVE) && (
        <button type="button" disabled={busy} aria-busy={busy} data-testid={`remove-${report.name}`} onBlur={() => setSure(false)} onClick={() => void remove()}>
          <Icon name="trash" />
          {t(busy ? "sending" : sure ? "saved.sure" : "saved.remove")}
        </button>
      )}
      <Trouble subject={subject} />
    </li>
  );
}

function factsOf({ units, sections, fields, filters, scale, every, keep }: SavedReport): string[] {
  const often = t(`saved.every.${EVERY.find((one) => one === every) ?? "never"}`);
  return [
    every === "never" ? often : `${often}, ${tn("saved.kept", keep)}`,
    units.length === 0 ? t("saved.allUnits") : tn("saved.units", units.length),
    sections.length === 0 ? t("saved.allSections") : sections.map((section) => word("section", section)).join(", "),
    ...(fields.length > 0 ? [tn("saved.columns", fields.length)] : []),
    ...(filters.length > 0 ? [tn("report.filters", filters.length)] : []),
    ...(scale ? [`°${scale}`] : []),
  ];
}

interface Made {
  id: string;
  name: string;
  /** "2026-03-23", "2026-03-29". */
  from: string;
  to: string;
  files: ReportFile[];
}

/** The forms of one report stand together; the newest first, as the box lists them. */
function madeOf(files: readonly ReportFile[], reports: readonly SavedReport[]): Made[] {
  const made = new Map<string, Made>();
  for (const file of files) {
    const { reportId, from, to } = file;
    const id = `${reportId} ${from} ${to}`;
    const name = reports.find((report) => report.id === reportId)?.name ?? t("saved.removed");
    const one = made.get(id) ?? { id, name, from, to: dayLater(to, -1), files: [] };
    made.set(id, { ...one, files: [...one.files, file] });
  }
  return [...made.values()];
}

/** A day in words; as it came if it is none. */
function dayText(text: string): string {
  const begins = dayBegins(text);
  return Number.isNaN(begins.getTime()) ? text : day(begins.toISOString());
}

const periodOf = ({ from, to }: Made) => (from === to ? dayText(from) : `${dayText(from)}–${dayText(to)}`);

function MadeFiles({ reports }: { reports: Poll<{ reports: SavedReport[] }> }) {
  const list = usePoll(reportFiles, { everyMs: LIST_EVERY_MS });
  const made = madeOf(list.value?.files ?? [], reports.value?.reports ?? []);
  return (
    <section class="report-form">
      <h2>{t("made.title")}</h2>
      <PollTrouble poll={list} />
      {list.value === null && !list.lost && !list.refusal && <p class="soft">{t("loading")}</p>}
      {list.value !== null && made.length === 0 && <p class="soft">{t("made.none")}</p>}
      <ul class="saved-reports" data-testid="made-reports">
        {made.map((one) => (
          <li key={one.id}>
            <div>
              <strong>{one.name}</strong>
              <small>{periodOf(one)}</small>
            </div>
            {one.files.map(({ id, form, bytes: length }) => (
              <FileButton
                key={id}
                path={reportFilePath(id)}
                name={`${one.name.replace(/[^\p{L}\p{N}]+/gu, "-")}-${one.from}-${one.to}.${form}`}
                text={`${form.toUpperCase()} · ${bytes(length)}`}
                testId={`made-${id}`}
              />
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}
