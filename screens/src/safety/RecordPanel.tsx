// One record: who sees to it, what was done about it, the form for what is done now, closing, verifying, and the dishes
// that it holds.
import { useState } from "preact/hooks";
import { closeRecord, releaseHold, verifyRecord } from "../api/safety";
import { may } from "../api/session";
import type { ComplianceRecord, CorrectiveAction, MenuItem } from "../api/types";
import { t, tn, word } from "../i18n";
import { heldBy } from "../haccp/surroundings";
import { boxNow } from "../live/pulse";
import { picture } from "../live/live";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { moment } from "../ui/format";
import { Icon } from "../ui/icons";
import { Trouble } from "../ui/Trouble";
import { ActionForm } from "./ActionForm";
import { scaleOf, shownIn, type Plan } from "./plan";
import { RecordState } from "./RecordsPage";
import { Responsible } from "./Responsible";

export interface RecordPanelProps {
  record: ComplianceRecord;
  plan: Plan | null;
  onChanged: () => void;
  onClose: () => void;
}

export function RecordPanel({ record, plan, onChanged, onClose }: RecordPanelProps) {
  const now = boxNow();
  const open = record.closedAt == null;
  return (
    <section class="side-panel" aria-label={record.summary} data-testid="record-panel">
      <header>
        <div>
          <span class={`record-severity ${record.severity}`}>{word("severity", record.severity)}</span>
          <h2>{record.summary}</h2>
          <RecordState record={record} />
        </div>
        <button type="button" class="quiet" aria-label={t("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <Responsible record={record} onChanged={onChanged} />
      <ol class="steps">
        <li>
          <time>{moment(record.openedAt, now)}</time>
          {t("record.opened", { by: record.openedBy ?? t("alert.theBox") })}
          {record.planVersion != null && ` · ${t("plan.version", { n: record.planVersion })}`}
        </li>
        {record.actions.map((action) => (
          <ActionStep key={action.at} action={action} plan={plan} />
        ))}
        {record.closedAt && (
          <li>
            <time>{moment(record.closedAt, now)}</time>
            {t("record.closedBy", { by: record.closedBy ?? t("alert.theBox") })}
          </li>
        )}
        {record.verifiedAt && (
          <li>
            <time>{moment(record.verifiedAt, now)}</time>
            {t("record.verifiedBy", { by: record.verifiedBy ?? t("alert.theBox") })}
          </li>
        )}
      </ol>
      {record.about != null && <Held breach={record.about} acted={record.actions.length > 0} />}
      {open && may("haccp.record") && <ActionForm record={record} plan={plan} onDone={onChanged} />}
      {open && may("haccp.record") && record.actions.length > 0 && (
        <Step
          subject={`close-record:${record.id}`}
          text={t("record.close")}
          testId="close-record"
          send={(key) => closeRecord(record.id, key)}
          onDone={onChanged}
        />
      )}
      {!open && record.verifiedAt == null && may("haccp.verify") && (
        <Step
          subject={`verify-record:${record.id}`}
          text={t("record.verify")}
          testId="verify-record"
          send={(key) => verifyRecord(record.id, "", key)}
          onDone={onChanged}
        />
      )}
    </section>
  );
}

function ActionStep({ action, plan }: { action: CorrectiveAction; plan: Plan | null }) {
  const facts = [
    action.productMilliC != null && shownIn(action.productMilliC, scaleOf(plan)),
    action.disposition && word("disposition", action.disposition),
    action.quantity,
    action.cause,
    action.note,
  ].filter(Boolean);
  return (
    <li class="done" data-testid="action">
      <time>{moment(action.at, boxNow())}</time>
      <strong>{action.text}</strong>
      {facts.length > 0 && <span>{facts.join(" · ")}</span>}
      {action.by && <small>{action.by}</small>}
    </li>
  );
}

interface StepProps {
  subject: string;
  text: string;
  testId: string;
  send: (key: string) => Promise<unknown>;
  onDone: () => void;
}

export function Step({ subject, text, testId, send, onDone }: StepProps) {
  const busy = useWrite(subject)?.state === "sending";
  const act = async () => {
    if (await write(subject, (key) => send(key).then(() => true))) onDone();
  };
  return (
    <>
      <button type="button" class="primary big wide" disabled={busy} aria-busy={busy} data-testid={testId} onClick={() => void act()}>
        {busy ? t("sending") : text}
      </button>
      <Trouble subject={subject} testId={`${testId}-trouble`} />
    </>
  );
}

const NONE: readonly MenuItem[] = [];

/** The dishes that this breach has taken off the menu. Somebody must have said what became of the food first. */
function Held({ breach, acted }: { breach: string; acted: boolean }) {
  const menu = useStore(picture, (now) => now.menu);
  const [released, setReleased] = useState(0);
  const held = heldBy(menu.values()).get(breach) ?? NONE;
  if (held.length === 0) return released > 0 ? <p class="message ok">{tn("record.released", released)}</p> : null;
  return (
    <div class="held" data-testid="held">
      <p class="message bad">
        <Icon name="alert" />
        {tn("haccp.held", held.length)}: {held.map(({ name }) => name).join(", ")}
      </p>
      {may("haccp.configure") &&
        (acted ? (
          <Step
            subject={`release:${breach}`}
            text={t("record.release")}
            testId="release"
            send={(key) => releaseHold(breach, key)}
            onDone={() => setReleased(held.length)}
          />
        ) : (
          <p class="soft">{t("record.releaseAfter")}</p>
        ))}
    </div>
  );
}
