// The draft: what people change most often stands in fields (name, limits, times of checks, calibration); all of it can
// be changed as text. What does not hold together is said at its place, and nothing is saved until it does.
import { useState } from "preact/hooks";
import { approvePlan, saveDraft } from "../api/safety";
import { Refusal } from "../api/client";
import { may } from "../api/session";
import type { PlanState } from "../api/types";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { parseDecimal } from "../ui/format";
import { Trouble } from "../ui/Trouble";
import type { Plan, Rule } from "./plan";
import { PlanView } from "./PlanView";
import { Step } from "./RecordPanel";

type Draft = NonNullable<PlanState["draft"]>;

interface Mistake {
  field: string;
  message: string;
}

export interface PlanDraftProps {
  draft: Draft;
  onChanged: () => void;
  onApproved: () => void;
}

const SAVE = "plan:save";

export function PlanDraft({ draft, onChanged, onApproved }: PlanDraftProps) {
  const saved = draft.plan as unknown as Plan;
  const [plan, setPlan] = useState<Plan>(saved);
  const [mistakes, setMistakes] = useState<Mistake[]>([]);
  const [note, setNote] = useState("");
  const busy = useWrite(SAVE)?.state === "sending";
  const changed = JSON.stringify(plan) !== JSON.stringify(saved);
  const edit = (next: Plan) => {
    if (!busy) forget(SAVE);
    setPlan(next);
  };
  const save = async () => {
    setMistakes([]);
    const answer = await write(SAVE, async (key) => {
      try {
        return await saveDraft(plan, key);
      } catch (error) {
        if (error instanceof Refusal) setMistakes(error.problem.errors ?? []);
        throw error;
      }
    });
    if (answer) onChanged();
  };
  const may_ = may("haccp.configure");
  return (
    <div class="plan-draft">
      {draft.conflict && <p class="message bad">{t("plan.conflict")}</p>}
      {may_ && <PlanFields plan={plan} mistakes={mistakes} onEdit={edit} />}
      {may_ && <PlanText plan={plan} onEdit={edit} />}
      {mistakes.length > 0 && (
        <ul class="mistakes" data-testid="plan-mistakes">
          {mistakes.map(({ field, message }) => (
            <li key={field} class="message bad">
              <code>{field}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {mistakes.length === 0 && <Trouble subject={SAVE} testId="plan-trouble" />}
      {may_ && changed && (
        <div class="pair">
          <button type="button" class="big" onClick={() => edit(saved)}>
            {t("layouts.giveUp")}
          </button>
          <button type="button" class="primary big" disabled={busy} data-testid="save-plan" onClick={() => void save()}>
            {t(busy ? "edit.saving" : "plan.save")}
          </button>
        </div>
      )}
      {!changed && <PlanView plan={saved} />}
      {!changed &&
        (may("haccp.verify") ? (
          <section class="approve">
            <p>{t("plan.approveMore")}</p>
            <label class="field">
              <span>{t("action.note")}</span>
              <input value={note} maxLength={500} onInput={(event) => setNote(event.currentTarget.value)} />
            </label>
            <Step subject="plan:approve" text={t("plan.approve")} testId="approve-plan" send={(key) => approvePlan(draft.version, note.trim(), key)} onDone={onApproved} />
          </section>
        ) : (
          <p class="soft">{t("plan.mayNotApprove")}</p>
        ))}
    </div>
  );
}

interface FieldsProps {
  plan: Plan;
  mistakes: Mistake[];
  onEdit: (plan: Plan) => void;
}

function PlanFields({ plan, mistakes, onEdit }: FieldsProps) {
  const setRule = (at: number, index: number, change: (rule: Rule) => Rule) =>
    onEdit({
      ...plan,
      controlPoints: plan.controlPoints.map((point, i) =>
        i === at ? { ...point, limits: point.limits?.map((rule, j) => (j === index ? change(rule) : rule)) } : point,
      ),
    });
  const wrong = (path: string) => mistakes.find(({ field }) => field.startsWith(path))?.message;
  const calibration = plan.calibration ?? { everyDays: 90, warnDays: 14, toleranceMilli: 1_000, altitudeMetres: 0 };
  const setCalibration = (part: Partial<typeof calibration>) => onEdit({ ...plan, calibration: { ...calibration, ...part } });
  return (
    <details class="plan-fields" open={mistakes.length > 0}>
      <summary>{t("plan.edit")}</summary>
      <Field label={t("plan.name")} value={plan.name} wrong={wrong("name")} testId="plan-name" onInput={(name) => onEdit({ ...plan, name })} />
      <Field label={t("plan.scope")} value={plan.scope ?? ""} onInput={(scope) => onEdit({ ...plan, scope })} />
      {(plan.timers ?? []).length > 0 && (
        <label class="field">
          <span>{t("plan.procedure")}</span>
          <textarea rows={8} value={plan.timeProcedure ?? ""} maxLength={4_000} data-testid="plan-procedure" onInput={(event) => onEdit({ ...plan, timeProcedure: event.currentTarget.value })} />
          {wrong("timeProcedure") ? <em class="wrong">{wrong("timeProcedure")}</em> : <small class="soft">{t("plan.procedureMore")}</small>}
        </label>
      )}
      {plan.controlPoints.map((point, i) => (
        <fieldset key={point.id}>
          <legend>{point.name}</legend>
          {(point.limits ?? []).map((rule, j) => {
            const path = `controlPoints[${i}].limits[${j}]`;
            return (
              <div key={rule.id} class="limit-row">
                <Milli label={`${rule.name} (${rule.limit.scale})`} milli={rule.limit.milli} wrong={wrong(path)} testId={`limit-${rule.id}`} onChange={(milli) => setRule(i, j, (now) => ({ ...now, limit: { ...now.limit, milli } }))} />
                <Field label={t("plan.clause")} value={rule.source.clause} onInput={(clause) => setRule(i, j, (now) => ({ ...now, source: { ...now.source, clause } }))} />
                <label class="tick">
                  <input
                    type="checkbox"
                    checked={rule.source.confirmed === true}
                    onChange={(event) => {
                      const confirmed = event.currentTarget.checked;
                      setRule(i, j, (now) => ({ ...now, source: { ...now.source, confirmed } }));
                    }}
                  />
                  {t("plan.compared")}
                </label>
              </div>
            );
          })}
        </fieldset>
      ))}
      <fieldset>
        <legend>{t("plan.checks")}</legend>
        {(plan.checks ?? []).map((check, i) =>
          "times" in check.schedule ? (
            <Field
              key={check.id}
              label={check.name}
              value={check.schedule.times.at.join(", ")}
              wrong={wrong(`checks[${i}]`)}
              onInput={(text) => {
                const days = "times" in check.schedule ? check.schedule.times.days : [];
                const at = text.split(",").map((one) => one.trim());
                onEdit({ ...plan, checks: plan.checks!.map((one, j) => (j === i ? { ...one, schedule: { times: { at, days } } } : one)) });
              }}
            />
          ) : null,
        )}
      </fieldset>
      <fieldset>
        <legend>{t("safety.tab.calibration")}</legend>
        <div class="pair">
          <Whole label={t("plan.every")} value={calibration.everyDays} wrong={wrong("calibration.everyDays")} onChange={(everyDays) => setCalibration({ everyDays })} />
          <Whole label={t("plan.warn")} value={calibration.warnDays} wrong={wrong("calibration.warnDays")} onChange={(warnDays) => setCalibration({ warnDays })} />
          <Whole label={t("calibration.altitude")} value={calibration.altitudeMetres ?? 0} wrong={wrong("calibration.altitude")} onChange={(altitudeMetres) => setCalibration({ altitudeMetres })} />
        </div>
      </fieldset>
    </details>
  );
}

interface FieldProps {
  label: string;
  value: string;
  wrong?: string;
  testId?: string;
  onInput: (text: string) => void;
}

function Field({ label, value, wrong, testId, onInput }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input value={value} aria-invalid={wrong !== undefined} data-testid={testId} onInput={(event) => onInput(event.currentTarget.value)} />
      {wrong && <em class="wrong">{wrong}</em>}
    </label>
  );
}

function Milli({ milli, onChange, ...rest }: Omit<FieldProps, "value" | "onInput"> & { milli: number; onChange: (milli: number) => void }) {
  const [text, setText] = useState(String(milli / 1000));
  const set = (typed: string) => {
    setText(typed);
    const value = parseDecimal(typed, 3);
    if (value !== undefined) onChange(value);
  };
  const bad = parseDecimal(text, 3) === undefined;
  return <Field {...rest} value={text} wrong={bad ? t("plan.noNumber") : rest.wrong} onInput={set} />;
}

function Whole({ value, onChange, ...rest }: Omit<FieldProps, "value" | "onInput"> & { value: number; onChange: (value: number) => void }) {
  const [text, setText] = useState(String(value));
  const set = (typed: string) => {
    setText(typed);
    if (/^\d{1,5}$/.test(typed.trim())) onChange(Number(typed));
  };
  return <Field {...rest} value={text} wrong={/^\d{1,5}$/.test(text.trim()) ? rest.wrong : t("plan.noNumber")} onInput={set} />;
}

/** All of the plan as text, for what has no field of its own. */
function PlanText({ plan, onEdit }: { plan: Plan; onEdit: (plan: Plan) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const [bad, setBad] = useState("");
  const set = (text: string) => {
    setTyped(text);
    try {
      onEdit(JSON.parse(text) as Plan);
      setBad("");
    } catch (error) {
      setBad(String(error instanceof Error ? error.message : error));
    }
  };
  return (
    <details class="plan-text">
      <summary>{t("plan.asText")}</summary>
      <textarea rows={18} spellcheck={false} value={typed ?? JSON.stringify(plan, null, 2)} onBlur={() => bad === "" && setTyped(null)} onInput={(event) => set(event.currentTarget.value)} />
      {bad !== "" && <p class="message bad">{bad}</p>}
    </details>
  );
}
