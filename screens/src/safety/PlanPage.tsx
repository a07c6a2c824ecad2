// The HACCP plan: what is in force, the draft, and every version that was approved. A preset is where one begins.
import { useState } from "preact/hooks";
import { approvedPlan, plan as askPlan, planPresets, saveDraft } from "../api/safety";
import { may } from "../api/session";
import type { PlanApproval, PlanState } from "../api/types";
import { t } from "../i18n";
import { boxNow } from "../live/pulse";
import { usePoll } from "../state/poll";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { moment } from "../ui/format";
import { Segments } from "../ui/Segments";
import { PollTrouble, Trouble } from "../ui/Trouble";
import { useFollow } from "./follow";
import type { Plan } from "./plan";
import { PlanDraft } from "./PlanDraft";
import { PlanView } from "./PlanView";

const VIEWS = ["inForce", "draft", "versions"] as const;
type View = (typeof VIEWS)[number];
const PRESETS_EVERY_MS = 3_600_000;

export function PlanPage() {
  const state = useFollow(["plan"], askPlan);
  const [wanted, setView] = useState<View | null>(null);
  if (state.value === null) return state.lost || state.refusal ? <PollTrouble poll={state} /> : <p class="empty">{t("loading")}</p>;
  const { inForce, draft, approvals } = state.value;
  const view = wanted ?? (inForce ? "inForce" : "draft");
  return (
    <div class="plan-page">
      <PollTrouble poll={state} />
      <Segments label={t("safety.tab.plan")} value={view} options={VIEWS.map((value) => ({ value, text: t(`plan.view.${value}`) }))} onChoose={setView} />
      {view === "inForce" && (inForce?.plan ? <Approved approval={inForce} /> : <p class="message warn">{t("plan.none")}</p>)}
      {view === "draft" && (
        <>
          {may("haccp.configure") && <Presets state={state.value} onChosen={state.again} />}
          {draft ? (
            <PlanDraft key={draft.version} draft={draft} onChanged={state.again} onApproved={() => {
              state.again();
              setView("inForce");
            }} />
          ) : (
            <p class="soft">{t("plan.noDraft")}</p>
          )}
        </>
      )}
      {view === "versions" && <Versions approvals={approvals} />}
    </div>
  );
}

function Approved({ approval }: { approval: PlanApproval }) {
  return (
    <>
      <p class="message ok" data-testid="in-force">
        {t("plan.approvedBy", { n: approval.version, by: approval.approvedBy ?? "–", at: moment(approval.approvedAt, boxNow()) })}
        {approval.note && ` · ${approval.note}`}
      </p>
      {approval.conflict && <p class="message bad">{t("plan.twice")}</p>}
      <PlanView plan={approval.plan as unknown as Plan} />
    </>
  );
}

/** Where one begins; a draft that is there is replaced, so it is asked first. */
function Presets({ state, onChosen }: { state: PlanState; onChosen: () => void }) {
  const list = usePoll(planPresets, { everyMs: PRESETS_EVERY_MS });
  const [sure, setSure] = useState<string | null>(null);
  const subject = "plan:preset";
  const busy = useWrite(subject)?.state === "sending";
  const choose = async (id: string) => {
    if (state.draft && sure !== id) return setSure(id);
    const preset = list.value?.presets.find((one) => one.id === id);
    if (!preset) return;
    if (await write(subject, (key) => saveDraft(preset.plan, key))) onChosen();
    setSure(null);
  };
  return (
    <section class="presets">
      <h3>{t("plan.presets")}</h3>
      <PollTrouble poll={list} />
      {list.lost && (
        <button type="button" onClick={list.again}>
          {t("tryAgain")}
        </button>
      )}
      <div class="choices tall">
        {(list.value?.presets ?? []).map(({ id, plan }) => {
          const { jurisdiction } = plan as unknown as Plan;
          return (
            <button key={id} type="button" disabled={busy} data-testid={`preset-${id}`} onClick={() => void choose(id)}>
              <span>
                {sure === id ? t("plan.replace") : jurisdiction.edition}
                <small>{jurisdiction.code}</small>
              </span>
            </button>
          );
        })}
      </div>
      <Trouble subject={subject} />
    </section>
  );
}

function Versions({ approvals }: { approvals: PlanApproval[] }) {
  const [open, setOpen] = useState<PlanApproval | null>(null);
  const show = async (id: string) => {
    if (open?.id === id) return setOpen(null);
    const approval = await write(`plan:version:${id}`, () => approvedPlan(id));
    if (approval) setOpen(approval);
  };
  return (
    <ul class="record-list">
      {approvals.map((approval) => (
        <li key={approval.id}>
          <button type="button" class="record-row" aria-pressed={open?.id === approval.id} onClick={() => void show(approval.id)}>
            <span class="record-words">
              <strong>{t("plan.version", { n: approval.version })}</strong>
              <small>
                {t("plan.from", { at: moment(approval.from, boxNow()) })} · {approval.approvedBy ?? "–"}
                {approval.note && ` · ${approval.note}`}
              </small>
            </span>
            {approval.conflict && <span class="state bad">{t("plan.twice")}</span>}
          </button>
          <Trouble subject={`plan:version:${approval.id}`} />
          {open?.id === approval.id && <PlanView plan={open.plan as unknown as Plan} />}
        </li>
      ))}
      {approvals.length === 0 && <p class="soft">{t("plan.none")}</p>}
    </ul>
  );
}
