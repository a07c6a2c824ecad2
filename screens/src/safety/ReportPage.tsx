// A report for an inspector: which time, which units, what it holds. The box writes it; this page fetches it with the
// person's own token and hands it on as a file. And the reviews that managers signed.
import { useState } from "preact/hooks";
import { askFile } from "../api/client";
import { review, reviews as askReviews } from "../api/safety";
import { may } from "../api/session";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { picture } from "../live/live";
import { usePoll } from "../state/poll";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { day, moment } from "../ui/format";
import { Icon } from "../ui/icons";
import { Trouble } from "../ui/Trouble";
import { Score } from "./Score";
import { Step } from "./RecordPanel";

const DAY_MS = 86_400_000;
const PERIODS = [1, 7, 31, 365] as const;
const SECTIONS = [
  "plan",
  "units",
  "excursions",
  "records",
  "readings",
  "checks",
  "cooling",
  "timers",
  "calibrations",
  "faults",
  "amendments",
  "reviews",
] as const;
const REVIEWS_EVERY_MS = 60_000;
/** A year of many units takes its time. */
const WRITING_MS = 120_000;

const dayText = (ms: number) => new Date(ms).toLocaleDateString("sv-SE");

export function ReportPage() {
  const probes = useStore(picture, (now) => now.probes);
  const [from, setFrom] = useState(() => dayText(boxNow() - 6 * DAY_MS));
  const [to, setTo] = useState(() => dayText(boxNow()));
  const [units, setUnits] = useState<ReadonlySet<string>>(new Set());
  const [sections, setSections] = useState<ReadonlySet<string>>(new Set(SECTIONS));
  const span = { from: new Date(`${from}T00:00:00`), to: new Date(Date.parse(`${to}T00:00:00`) + DAY_MS) };
  const right = span.from < span.to;
  const period = new URLSearchParams(right ? { from: span.from.toISOString(), to: span.to.toISOString() } : {});
  const query = new URLSearchParams(period);
  if (units.size > 0) query.set("units", [...units].join(","));
  if (sections.size < SECTIONS.length) query.set("sections", [...sections].join(","));
  const toggle = (set: ReadonlySet<string>, one: string) => new Set(set.has(one) ? [...set].filter((other) => other !== one) : [...set, one]);
  const days = (n: number) => {
    setFrom(dayText(boxNow() - (n - 1) * DAY_MS));
    setTo(dayText(boxNow()));
  };
  return (
    <div class="report">
      <Score />
      <section class="report-form">
        <h2>{t("report.title")}</h2>
        <div class="choices">
          {PERIODS.map((n) => (
            <button key={n} type="button" onClick={() => days(n)}>
              {t(`report.period.${n}`)}
            </button>
          ))}
        </div>
        <div class="pair">
          <label class="field">
            <span>{t("report.from")}</span>
            <input type="date" value={from} data-testid="report-from" onInput={(event) => setFrom(event.currentTarget.value)} />
          </label>
          <label class="field">
            <span>{t("report.to")}</span>
            <input type="date" value={to} data-testid="report-to" onInput={(event) => setTo(event.currentTarget.value)} />
          </label>
        </div>
        <div class="field">
          <span>{t("report.units")}</span>
          <div class="choices">
            <button type="button" aria-pressed={units.size === 0} onClick={() => setUnits(new Set())}>
              {t("report.allUnits")}
            </button>
            {[...probes.values()].map(({ id, name }) => (
              <button key={id} type="button" aria-pressed={units.has(id)} onClick={() => setUnits(toggle(units, id))}>
                {name}
              </button>
            ))}
          </div>
        </div>
        <div class="field">
          <span>{t("report.sections")}</span>
          <div class="choices">
            {SECTIONS.map((section) => (
              <button key={section} type="button" aria-pressed={sections.has(section)} onClick={() => setSections(toggle(sections, section))}>
                {word("section", section)}
              </button>
            ))}
          </div>
        </div>
        {!right && <p class="message bad">{t("report.wrongSpan")}</p>}
        <div class="report-files">
          {(["report.pdf", "report.csv"] as const).map((file) => (
            <FileButton key={file} path={`/haccp/${file}?${query}`} name={`haccp-${from}-${to}.${file.split(".")[1]}`} text={t(`report.${file === "report.pdf" ? "pdf" : "csv"}`)} disabled={!right || sections.size === 0} primary />
          ))}
          <FileButton path={`/haccp/record.html?${period}`} name={`record-${from}-${to}.html`} text={t("report.recordHtml")} disabled={!right} />
          <FileButton path={`/haccp/record?${period}`} name={`record-${from}-${to}.bin`} text={t("report.record")} disabled={!right} />
        </div>
        <p class="soft">{t("report.more")}</p>
      </section>
      <Reviews span={span} right={right} />
    </div>
  );
}

interface FileButtonProps {
  path: string;
  name: string;
  text: string;
  disabled: boolean;
  primary?: boolean;
}

function FileButton({ path, name, text, disabled, primary }: FileButtonProps) {
  const subject = `file:${name}`;
  const busy = useWrite(subject)?.state === "sending";
  const fetchFile = async () => {
    const file = await write(subject, () => askFile(path, WRITING_MS));
    if (!file) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <div>
      <button type="button" class={primary ? "primary big" : "big"} disabled={disabled || busy} aria-busy={busy} data-testid={`file-${name.split(".").at(-1)}`} onClick={() => void fetchFile()}>
        <Icon name="down" />
        {busy ? t("report.writing") : text}
      </button>
      <Trouble subject={subject} testId="file-trouble" />
    </div>
  );
}

function Reviews({ span, right }: { span: { from: Date; to: Date }; right: boolean }) {
  const { value, again } = usePoll(askReviews, { everyMs: REVIEWS_EVERY_MS });
  const to = new Date(Math.min(span.to.getTime(), boxNow()));
  return (
    <section class="report-form">
      <h2>{t("review.title")}</h2>
      {may("haccp.verify") && right && (
        <Step
          subject="review:new"
          text={t("review.sign", { from: day(span.from.toISOString()), to: day(to.toISOString()) })}
          testId="review"
          send={(key) => review(span.from, to, t("review.meaning"), key)}
          onDone={again}
        />
      )}
      <ol class="excursions">
        {(value?.reviews ?? []).map((one) => (
          <li key={one.id}>
            <strong>
              {day(one.from)}–{day(one.to)}
            </strong>
            <span>
              {one.meaning} · {one.by ?? "–"} · {moment(one.at, boxNow())}
            </span>
          </li>
        ))}
      </ol>
      {value !== null && value.reviews.length === 0 && <p class="soft">{t("review.none")}</p>}
    </section>
  );
}
