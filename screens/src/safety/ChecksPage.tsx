// Manual checks, for a telephone or a tablet: what is due now, what may be done at any time, what was done today.
import { useState } from "preact/hooks";
import { checks as askChecks, plan as askPlan } from "../api/safety";
import { may } from "../api/session";
import type { DueCheck, SafetyCheck } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { clock, moment, span } from "../ui/format";
import { Icon } from "../ui/icons";
import { PollTrouble } from "../ui/Trouble";
import { useNow } from "../ui/useNow";
import { CheckForm } from "./CheckForm";
import { useFollow } from "./follow";
import { isOnEvent, limitText, shownIn, type Plan, type PlannedCheck } from "./plan";
import { NoPlan } from "./NoPlan";

interface Doing {
  check: PlannedCheck;
  due: DueCheck | null;
}

export function ChecksPage() {
  const list = useFollow(["check", "plan"], askChecks);
  const standing = useFollow(["plan"], askPlan);
  const [doing, setDoing] = useState<Doing | null>(null);
  const plan = standing.value?.inForce?.plan as unknown as Plan | undefined;
  if (standing.value !== null && !plan) return <NoPlan />;
  const planned = new Map((plan?.checks ?? []).map((check) => [check.id, check]));
  const due = list.value?.due ?? [];
  const now = due.filter(({ state }) => state === "due");
  const missed = due.filter(({ state }) => state === "missed");
  const upcoming = due.filter(({ state }) => state === "upcoming");
  const start = (one: DueCheck) => {
    const check = planned.get(one.check);
    if (check && may("haccp.record")) setDoing({ check, due: one });
  };
  return (
    <div class="checks">
      <PollTrouble poll={[list, standing]} />
      <section>
        <h2>{t("checks.now")}</h2>
        <ul class="due-list" data-testid="due">
          {[...now, ...missed].map((one) => (
            <DueRow key={one.id} due={one} onStart={planned.has(one.check) ? start : undefined} />
          ))}
        </ul>
        {list.value !== null && now.length + missed.length === 0 && (
          <p class="empty small">
            <Icon name="check" />
            {t("checks.noneDue")}
          </p>
        )}
      </section>
      <section>
        <h2>{t("checks.anyTime")}</h2>
        <div class="check-buttons">
          {[...planned.values()].filter(isOnEvent).map((check) => (
            <button key={check.id} type="button" class="big" disabled={!may("haccp.record")} data-testid={`check-${check.id}`} onClick={() => setDoing({ check, due: null })}>
              <span>
                {check.name}
                {word("checkKind", check.kind) !== check.name && <small>{word("checkKind", check.kind)}</small>}
              </span>
            </button>
          ))}
        </div>
      </section>
      {upcoming.length > 0 && (
        <section>
          <h2>{t("checks.later")}</h2>
          <ul class="due-list">
            {upcoming.map((one) => (
              <DueRow key={one.id} due={one} />
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2>{t("checks.done")}</h2>
        <ul class="done-list" data-testid="done">
          {(list.value?.done ?? []).map((check) => (
            <DoneRow key={check.id} check={check} />
          ))}
        </ul>
        {list.value !== null && list.value.done.length === 0 && <p class="soft">{t("checks.noneDone")}</p>}
      </section>
      {doing && plan && (
        <CheckForm
          {...doing}
          plan={plan}
          onClose={() => setDoing(null)}
          onDone={() => {
            setDoing(null);
            list.again();
          }}
        />
      )}
    </div>
  );
}

function DueRow({ due, onStart }: { due: DueCheck; onStart?: (due: DueCheck) => void }) {
  const now = useNow();
  const late = now > Date.parse(due.until);
  const tone = late ? "bad" : due.state === "due" ? "warn" : "";
  return (
    <li class={`due-row ${tone}`} data-testid={`due-${due.check}`} data-state={late ? "late" : due.state}>
      <span class="due-time">{clock(due.dueAt)}</span>
      <span class="due-words">
        <strong>{due.name}</strong>
        <small>
          {late ? t("checks.lateBy", { span: span(now - Date.parse(due.until)) }) : t("checks.until", { until: clock(due.until) })}
          {due.role && ` · ${word("role", due.role)}`}
        </small>
      </span>
      {onStart && (
        <button type="button" class="primary big" onClick={() => onStart(due)}>
          {t(late ? "checks.doLate" : "checks.do")}
        </button>
      )}
    </li>
  );
}

function DoneRow({ check }: { check: SafetyCheck }) {
  const missed = check.punctual === "missed";
  const tone = missed || check.passed === false ? "bad" : "ok";
  return (
    <li class="done-row">
      <span class={`state ${tone}`}>{t(missed ? "checks.missed" : check.passed === false ? "checks.failed" : "checks.passed")}</span>
      <span class="due-words">
        <strong>
          {check.name}
          {check.product && ` · ${check.product}`}
        </strong>
        <small>
          {moment(check.enteredAt ?? check.dueAt ?? "", boxNow())}
          {check.by && ` · ${check.by}`}
          {check.values.map(({ milliC, limit }) => ` · ${shownIn(milliC, limit.scale as "C" | "F")} (${limitText(limit)})`)}
        </small>
      </span>
      {check.punctual === "late" && <span class="state warn">{t("checks.wasLate")}</span>}
    </li>
  );
}
