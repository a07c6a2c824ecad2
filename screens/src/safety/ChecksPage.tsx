// Manual checks, for a telephone or a tablet: what is due now, what may be done at any time, what was done today, which
// may be corrected.
import { useState } from "preact/hooks";
import { approvedPlan, checks as askChecks, plan as askPlan } from "../api/safety";
import { may } from "../api/session";
import type { DueCheck, PlanApproval, SafetyCheck } from "../api/types";
import { t, word } from "../i18n";
import { write } from "../state/write";
import { clock, span } from "../ui/format";
import { Icon } from "../ui/icons";
import { PollTrouble, Trouble } from "../ui/Trouble";
import { useNow } from "../ui/useNow";
import { CheckForm } from "./CheckForm";
import { DoneChecks } from "./DoneChecks";
import { useFollow } from "./follow";
import { isOnEvent, type Plan, type PlannedCheck } from "./plan";
import { NoPlan } from "./NoPlan";

interface Doing {
  check: PlannedCheck;
  due: DueCheck | null;
  plan: Plan;
  stands?: SafetyCheck;
}

const contentOf = (approval: PlanApproval | null | undefined) => approval?.plan as unknown as Plan | undefined;
const CORRECTING = "check:correcting";

export function ChecksPage() {
  const list = useFollow(["check", "plan"], askChecks);
  const standing = useFollow(["plan"], askPlan);
  const [doing, setDoing] = useState<Doing | null>(null);
  const plan = contentOf(standing.value?.inForce);
  if (standing.value !== null && !plan) return <NoPlan />;
  const planned = new Map((plan?.checks ?? []).map((check) => [check.id, check]));
  const due = list.value?.due ?? [];
  const now = due.filter(({ state }) => state === "due");
  const missed = due.filter(({ state }) => state === "missed");
  const upcoming = due.filter(({ state }) => state === "upcoming");
  const start = (one: DueCheck) => {
    const check = planned.get(one.check);
    if (check && plan && may("haccp.record")) setDoing({ check, due: one, plan });
  };
  const approvalOf = (check: SafetyCheck) => standing.value?.approvals.find(({ version }) => version === check.planVersion);
  // The form has one place for each limit.
  const fits = ({ values }: SafetyCheck) => new Set(values.map(({ rule }) => rule)).size === values.length;
  const mayCorrect = (check: SafetyCheck) =>
    may("haccp.record") && check.punctual !== "missed" && approvalOf(check) !== undefined && fits(check);
  // It is judged again by the plan by which it was answered.
  const correct = async (stands: SafetyCheck) => {
    const approval = approvalOf(stands);
    if (!approval) return;
    const inForce = standing.value?.inForce;
    const made = contentOf(approval.id === inForce?.id ? inForce : await write(CORRECTING, () => approvedPlan(approval.id)));
    const check = made?.checks?.find(({ id }) => id === stands.check);
    if (made && check) setDoing({ check, due: null, plan: made, stands });
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
            <button key={check.id} type="button" class="big" disabled={!may("haccp.record")} data-testid={`check-${check.id}`} onClick={() => plan && setDoing({ check, due: null, plan })}>
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
        <Trouble subject={CORRECTING} />
        <DoneChecks done={list.value?.done ?? []} planned={planned} mayCorrect={mayCorrect} onCorrect={(check) => void correct(check)} />
        {list.value !== null && list.value.done.length === 0 && <p class="soft">{t("checks.noneDone")}</p>}
      </section>
      {doing && (
        <CheckForm
          {...doing}
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
