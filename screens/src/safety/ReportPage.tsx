// A report for an inspector: which time, which units, what it holds. The box writes it; this page hands it on as a file.
// Below it the reports that were saved, what the box made of them, and the reviews that managers signed.
import { useRef, useState } from "preact/hooks";
import { review, reviews as askReviews } from "../api/safety";
import { may } from "../api/session";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { picture } from "../live/live";
import { usePoll } from "../state/poll";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { day, dayAt, dayBegins, dayLater, moment } from "../ui/format";
import { Segments } from "../ui/Segments";
import { PollTrouble } from "../ui/Trouble";
import { FileButton } from "./FileButton";
import { Step } from "./RecordPanel";
import { EVERYTHING, intoQuery, isSayable, SECTIONS, type Picks } from "./report";
import { ReportColumns } from "./ReportColumns";
import { SavedReports } from "./SavedReports";
import { Score } from "./Score";

const PERIODS = [1, 7, 31, 365] as const;
const REVIEWS_EVERY_MS = 60_000;
const SCALES = ["", "C", "F"] as const;

export function ReportPage() {
  const probes = useStore(picture, (now) => now.probes);
  // The days are those of the place, whatever zone this browser is in.
  useStore(settings, (now) => now?.timeZone);
  const [from, setFrom] = useState(() => dayLater(dayAt(boxNow()), -6));
  const [to, setTo] = useState(() => dayAt(boxNow()));
  const [picks, setPicks] = useState(EVERYTHING);
  const change = (change: Partial<Picks>) => setPicks((now) => ({ ...now, ...change }));
  const head = useRef<HTMLHeadingElement>(null);
  const { units, sections } = picks;
  const span = { from: dayBegins(from), to: dayBegins(dayLater(to, 1)) };
  const right = span.from < span.to;
  const period = new URLSearchParams(right ? { from: span.from.toISOString(), to: span.to.toISOString() } : {});
  const query = new URLSearchParams(period);
  intoQuery(picks, query);
  const toggle = (set: ReadonlySet<string>, one: string) => new Set(set.has(one) ? [...set].filter((other) => other !== one) : [...set, one]);
  const days = (n: number) => {
    const today = dayAt(boxNow());
    setFrom(dayLater(today, 1 - n));
    setTo(today);
  };
  return (
    <div class="report">
      <Score />
      <section class="report-form">
        <h2 ref={head} tabIndex={-1}>
          {t("report.title")}
        </h2>
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
            <button type="button" aria-pressed={units.size === 0} onClick={() => change({ units: new Set() })}>
              {t("report.allUnits")}
            </button>
            {[...probes.values()].map(({ id, name }) => (
              <button key={id} type="button" aria-pressed={units.has(id)} onClick={() => change({ units: toggle(units, id) })}>
                {name}
              </button>
            ))}
          </div>
        </div>
        <div class="field">
          <span>{t("report.sections")}</span>
          <div class="choices">
            {SECTIONS.map((section) => (
              <button key={section} type="button" aria-pressed={sections.has(section)} data-testid={`section-${section}`} onClick={() => change({ sections: toggle(sections, section) })}>
                {word("section", section)}
              </button>
            ))}
          </div>
        </div>
        <ReportColumns picks={picks} onChange={change} />
        <div class="field">
          <span>{t("report.scale")}</span>
          <Segments
            label={t("report.scale")}
            value={picks.scale}
            options={SCALES.map((value) => ({ value, text: value === "" ? t("report.planScale") : `°${value}` }))}
            onChoose={(scale) => change({ scale })}
          />
        </div>
        {!right && <p class="message bad">{t("report.wrongSpan")}</p>}
        <div class="report-files">
          {(["report.pdf", "report.csv"] as const).map((file) => (
            <FileButton key={file} path={`/haccp/${file}?${query}`} name={`haccp-${from}-${to}.${file.split(".")[1]}`} text={t(`report.${file === "report.pdf" ? "pdf" : "csv"}`)} disabled={!right || sections.size === 0 || !isSayable(picks)} primary testId={`file-${file.split(".")[1]}`} />
          ))}
          <FileButton path={`/haccp/record.html?${period}`} name={`record-${from}-${to}.html`} text={t("report.recordHtml")} disabled={!right} testId="file-html" />
          <FileButton path={`/haccp/record?${period}`} name={`record-${from}-${to}.bin`} text={t("report.record")} disabled={!right} testId="file-bin" />
        </div>
        <p class="soft">{t("report.more")}</p>
      </section>
      <SavedReports
        picks={picks}
        onTake={(taken) => {
          setPicks(taken);
          head.current?.focus();
        }}
      />
      <Reviews span={span} right={right} />
    </div>
  );
}

function Reviews({ span, right }: { span: { from: Date; to: Date }; right: boolean }) {
  const list = usePoll(askReviews, { everyMs: REVIEWS_EVERY_MS });
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
          onDone={list.again}
        />
      )}
      <PollTrouble poll={list} />
      <ol class="excursions">
        {(list.value?.reviews ?? []).map((one) => (
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
      {list.value !== null && list.value.reviews.length === 0 && <p class="soft">{t("review.none")}</p>}
    </section>
  );
}
