// Compliance records: what was not kept, until somebody has said what was done about it and another has verified it.
import { useEffect, useState } from "preact/hooks";
import { breaches as askBreaches, openRecord, plan as askPlan, record as askRecord, records as askRecords } from "../api/safety";
import { may } from "../api/session";
import type { Breach, ComplianceRecord } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { usePoll } from "../state/poll";
import { write, writes } from "../state/write";
import { moment, span } from "../ui/format";
import { Icon } from "../ui/icons";
import { Segments } from "../ui/Segments";
import { PollTrouble, Trouble } from "../ui/Trouble";
import { exactDegrees } from "../ui/temperature";
import { useNow } from "../ui/useNow";
import { useFollow } from "./follow";
import type { Plan } from "./plan";
import { RecordPanel, type RecordPanelProps } from "./RecordPanel";
import type { TabProps } from "./SafetyPage";
import { Score } from "./Score";

const SEVERITIES = ["critical", "high", "warn"];
const VIEWS = ["open", "closed"] as const;
type View = (typeof VIEWS)[number];

const OPENING_EVERY_MS = 30_000;

export function RecordsPage({ path, go }: TabProps) {
  const [view, setView] = useState<View>("open");
  // Each list ends at its newest 200: an open record must not drop off because many were closed since.
  const open = useFollow(["record"], () => askRecords(true));
  const newest = useFollow(["record"], () => askRecords(false));
  const standing = useFollow(["plan"], askPlan);
  const plan = (standing.value?.inForce?.plan as unknown as Plan | undefined) ?? null;
  const known = open.value !== null && newest.value !== null;
  const lists: Record<View, ComplianceRecord[]> = {
    open: open.value?.records ?? [],
    closed: (newest.value?.records ?? []).filter(({ closedAt }) => closedAt != null),
  };
  const list = view === "open" ? open : newest;
  const shown = inOrder(lists[view]);
  const all = [...(newest.value?.records ?? []), ...lists.open];
  const [first, breach] = path;
  const again = () => {
    open.again();
    newest.again();
  };
  const opened = (id: string) => {
    go(id);
    again();
  };
  const chosen = all.find(({ id }) => id === first);
  // One that neither list reaches is asked for by itself.
  const other = first !== undefined && first !== "new" && chosen === undefined && known ? first : undefined;
  const about = first === "new" && known ? breach : undefined;
  const panel = { plan, onChanged: again, onClose: () => go() };
  return (
    <>
      <Score />
      <PollTrouble poll={[open, newest, standing]} />
      <div class={chosen || other ? "split with-panel" : "split"}>
        <div class="split-list">
          <Segments
            label={t("safety.tab.records")}
            value={view}
            options={VIEWS.map((value) => ({
              value,
              text: `${t(`records.${value}`)} · ${lists[value].length}`,
            }))}
            onChoose={setView}
          />
          {about !== undefined && <Opening key={about} breach={about} there={all.find((one) => one.about === about)?.id} onOpen={opened} />}
          <ul class="record-list">
            {shown.map((record) => (
              <RecordRow key={record.id} record={record} selected={record.id === chosen?.id} onChoose={go} />
            ))}
          </ul>
          {list.value !== null && shown.length === 0 && (
            <p class="empty">
              <Icon name="check" />
              {t(`records.none.${view}`)}
            </p>
          )}
        </div>
        {chosen && <RecordPanel key={chosen.id} record={chosen} {...panel} />}
        {other && <OtherRecord key={other} id={other} {...panel} />}
      </div>
    </>
  );
}

function inOrder(records: ComplianceRecord[]): ComplianceRecord[] {
  const rank = (record: ComplianceRecord) => (record.closedAt == null ? SEVERITIES.indexOf(record.severity) : 9);
  return [...records].sort((a, b) => rank(a) - rank(b) || b.openedAt.localeCompare(a.openedAt));
}

type PanelProps = Omit<RecordPanelProps, "record">;

function OtherRecord({ id, onChanged, ...panel }: PanelProps & { id: string }) {
  const one = useFollow(["record"], () => askRecord(id));
  const changed = () => {
    one.again();
    onChanged();
  };
  if (one.value !== null) return <RecordPanel record={one.value} {...panel} onChanged={changed} />;
  return (
    <section class="side-panel" data-testid="record-panel">
      <header>
        <h2>{one.refusal ? t("records.notFound") : t("loading")}</h2>
        <button type="button" class="quiet" aria-label={t("close")} onClick={panel.onClose}>
          <Icon name="close" />
        </button>
      </header>
      <PollTrouble poll={one} />
    </section>
  );
}

interface OpeningProps {
  breach: string;
  /** The record that it has already. */
  there: string | undefined;
  onOpen: (id: string) => void;
}

/** `#records/new/<breach>`: the record of a breach that has none yet is opened, once, and shown. */
function Opening({ breach, there, onOpen }: OpeningProps) {
  const subject = `record:of:${breach}`;
  const open = async (found: Breach | undefined) => {
    if (!found || there !== undefined || !may("haccp.record") || writes.get().get(subject)?.state === "refused") return;
    const opened = await write(subject, (key) =>
      openRecord({ summary: summaryOf(found), severity: "high", about: found.id, probeId: found.probeId }, key),
    );
    if (opened) onOpen(opened.id);
  };
  const past = usePoll(askBreaches, {
    everyMs: OPENING_EVERY_MS,
    onAnswer: ({ breaches }) => void open(breaches.find(({ id }) => id === breach)),
  });
  useEffect(() => {
    if (there !== undefined) onOpen(there);
  }, [there]);
  const unknown = past.value !== null && !past.value.breaches.some(({ id }) => id === breach);
  return (
    <>
      <PollTrouble poll={past} />
      {unknown && <p class="message warn">{t("records.noBreach")}</p>}
      {!may("haccp.record") && <p class="message warn">{t("records.mayNot")}</p>}
      <Trouble subject={subject} />
    </>
  );
}

function summaryOf({ kind, closedAt, probeName, peakMilliC }: Breach): string {
  const words = { name: probeName, peak: `${exactDegrees(peakMilliC)} °C` };
  const cold = kind === "low";
  // How far it went is known when it is over.
  if (closedAt == null) return t(cold ? "breach.low" : "breach.high", words);
  return t(cold ? "records.cold" : "records.warm", words);
}

interface RecordRowProps {
  record: ComplianceRecord;
  selected: boolean;
  onChoose: (id: string) => void;
}

function RecordRow({ record, selected, onChoose }: RecordRowProps) {
  return (
    <li>
      <button
        type="button"
        class={`record-row ${record.closedAt == null ? record.severity : "closed"}`}
        aria-pressed={selected}
        data-testid={`record-${record.id}`}
        onClick={() => onChoose(record.id)}
      >
        <span class="record-severity">{word("severity", record.severity)}</span>
        <span class="record-words">
          <strong>{record.summary}</strong>
          <small>
            {word("recordKind", record.kind)} · {moment(record.openedAt, boxNow())}
            {record.responsible && ` · ${record.responsible}`}
          </small>
        </span>
        <RecordState record={record} />
      </button>
    </li>
  );
}

export function RecordState({ record }: { record: ComplianceRecord }) {
  const now = useNow();
  if (record.verifiedAt) return <span class="state ok">{t("record.state.verified")}</span>;
  if (record.closedAt) return <span class="state accent">{t("record.state.toVerify")}</span>;
  const leftMs = Date.parse(record.dueAt) - now;
  if (leftMs < 0) return <span class="state bad">{t("record.state.overdue", { span: span(-leftMs) })}</span>;
  const acted = record.actions.length > 0;
  return <span class="state warn">{t(acted ? "record.state.acted" : "record.state.due", { span: span(leftMs) })}</span>;
}
