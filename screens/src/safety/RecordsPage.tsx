// Compliance records: what was not kept, until somebody has said what was done about it and another has verified it.
import { useEffect, useState } from "preact/hooks";
import { breaches as askBreaches, openRecord, plan as askPlan, records as askRecords } from "../api/safety";
import { may } from "../api/session";
import type { ComplianceRecord } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { write } from "../state/write";
import { moment, span } from "../ui/format";
import { Icon } from "../ui/icons";
import { Segments } from "../ui/Segments";
import { Trouble } from "../ui/Trouble";
import { exactDegrees } from "../ui/temperature";
import { useNow } from "../ui/useNow";
import { useFollow } from "./follow";
import type { Plan } from "./plan";
import { RecordPanel } from "./RecordPanel";
import type { TabProps } from "./SafetyPage";
import { Score } from "./Score";

const SEVERITIES = ["critical", "high", "warn"];
const VIEWS = ["open", "closed"] as const;
type View = (typeof VIEWS)[number];

export function RecordsPage({ path, go }: TabProps) {
  const [view, setView] = useState<View>("open");
  const list = useFollow(["record"], () => askRecords(false));
  const plan = useFollow(["plan"], askPlan).value?.inForce?.plan as unknown as Plan | undefined;
  const all = list.value?.records ?? [];
  const shown = inOrder(all.filter((record) => (record.closedAt == null) === (view === "open")));
  const chosen = all.find(({ id }) => id === path[0]);
  useOpening(path, list.value !== null, all, (id) => {
    go(id);
    list.again();
  });
  return (
    <>
      <Score />
      <div class={chosen ? "split with-panel" : "split"}>
        <div class="split-list">
          <Segments
            label={t("safety.tab.records")}
            value={view}
            options={VIEWS.map((value) => ({
              value,
              text: `${t(`records.${value}`)} · ${all.filter((one) => (one.closedAt == null) === (value === "open")).length}`,
            }))}
            onChoose={setView}
          />
          {list.lost && <p class="message warn">{t("noAnswer")}</p>}
          {list.refusal && <p class="message bad">{list.refusal}</p>}
          <Trouble subject="record:new" />
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
        {chosen && <RecordPanel key={chosen.id} record={chosen} plan={plan ?? null} onChanged={list.again} onClose={() => go()} />}
      </div>
    </>
  );
}

function inOrder(records: ComplianceRecord[]): ComplianceRecord[] {
  const rank = (record: ComplianceRecord) => (record.closedAt == null ? SEVERITIES.indexOf(record.severity) : 9);
  return [...records].sort((a, b) => rank(a) - rank(b) || b.openedAt.localeCompare(a.openedAt));
}

/** `#records/new/<breach>`: the record of a breach that has none yet is opened, once, and shown. */
function useOpening(path: readonly string[], known: boolean, all: ComplianceRecord[], onOpen: (id: string) => void): void {
  const breach = path[0] === "new" ? path[1] : undefined;
  useEffect(() => {
    if (breach === undefined || !known) return;
    const there = all.find(({ about }) => about === breach);
    if (there) return onOpen(there.id);
    if (!may("haccp.record")) return;
    void (async () => {
      const found = (await askBreaches()).breaches.find(({ id }) => id === breach);
      if (!found) return;
      const words = { name: found.probeName, peak: `${exactDegrees(found.peakMilliC)} °C` };
      const cold = found.kind === "low";
      // How far it went is known when it is over.
      const over = t(cold ? "records.cold" : "records.warm", words);
      const summary = found.closedAt == null ? t(cold ? "breach.low" : "breach.high", words) : over;
      const opened = await write("record:new", (key) =>
        openRecord({ summary, severity: "high", about: found.id, probeId: found.probeId }, key),
      );
      if (opened) onOpen(opened.id);
    })().catch(() => undefined);
  }, [breach, known]);
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
