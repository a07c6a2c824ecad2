// The form of one check, as the plan asks: temperatures by its limits, questions, and for a delivery who brought what
// and whether it was taken. What comes after its time is late, and the form says so before it is sent. A check that was
// answered is corrected in the same form, with the reason.
import { useState } from "preact/hooks";
import { correctCheck, doCheck } from "../api/safety";
import type { DueCheck, SafetyCheck } from "../api/types";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { Dialog } from "../ui/Dialog";
import { clock } from "../ui/format";
import { Trouble } from "../ui/Trouble";
import { useNow } from "../ui/useNow";
import { answeredOf, typedOf, type Typed } from "./answered";
import { MilliField, milliOf } from "./MilliField";
import { clauseText, holds, limitsOf, ruleText, type Plan, type PlannedCheck, type Rule } from "./plan";

const TEXT_LIMIT = 100;
const NOTE_LIMIT = 500;

export interface CheckFormProps {
  check: PlannedCheck;
  due: DueCheck | null;
  plan: Plan;
  /** What stands, if that is corrected. */
  stands?: SafetyCheck;
  onClose: () => void;
  onDone: () => void;
}

export function CheckForm({ check, due, plan, stands, onClose, onDone }: CheckFormProps) {
  const rules = limitsOf(plan, check);
  const usual = rules.length === 1 ? [rules[0]!.id] : [];
  // A check that only asks may have been answered without a temperature.
  const choosing = rules.length > 1 || (rules.length === 1 && stands?.values.length === 0);
  const [chosen, setChosen] = useState<string[]>(stands?.values.map(({ rule }) => rule) ?? usual);
  const [typed, setTyped] = useState<Typed>(stands ? typedOf(stands) : {});
  const subject = stands ? `check:correct:${stands.id}` : `check:${due?.id ?? check.id}`;
  const busy = useWrite(subject)?.state === "sending";
  const late = useNow() > (due ? Date.parse(due.until) : Infinity);
  const delivery = check.kind === "delivery";
  const set = (name: string, text: string) => {
    if (!busy) forget(subject);
    setTyped((now) => ({ ...now, [name]: text }));
  };
  const choose = (rule: string) => {
    if (!busy) forget(subject);
    setChosen((now) => (now.includes(rule) ? now.filter((id) => id !== rule) : [...now, rule]));
  };
  const measured = rules.filter(({ id }) => chosen.includes(id));
  const answered = answeredOf(check, measured, typed);
  const why = typed["why"]?.trim() ?? "";
  const ready = answered !== undefined && (stands === undefined || why !== "");
  const send = async () => {
    if (!ready) return;
    const done = await write(subject, (key) =>
      stands ? correctCheck(stands.id, { ...answered, why }, key) : doCheck({ check: check.id, dueAt: due?.dueAt, ...answered }, key),
    );
    if (done) onDone();
  };
  const text = (name: string, label: string, limit = TEXT_LIMIT) => (
    <label class="field">
      <span>{label}</span>
      <input value={typed[name] ?? ""} maxLength={limit} readOnly={busy} data-testid={`check-${name}`} onInput={(event) => set(name, event.currentTarget.value)} />
    </label>
  );
  return (
    <Dialog
      wide
      title={stands ? t("checks.correctIt", { name: check.name }) : check.name}
      onClose={onClose}
      foot={
        <button type="button" class="primary big" disabled={busy || !ready} data-testid="check-send" onClick={() => void send()}>
          {t(busy ? "sending" : late ? "checks.saveLate" : "checks.save")}
        </button>
      }
    >
      {late && due && (
        <p class="message warn" data-testid="is-late">
          {t("checks.isLate", { until: clock(due.until) })}
        </p>
      )}
      {(delivery || check.kind !== "cleaning") && text("product", t("check.product"))}
      {delivery && (
        <div class="pair">
          {text("supplier", t("check.supplier"))}
          {text("lot", t("check.lot"))}
        </div>
      )}
      {choosing && (
        <div class="field">
          <span>{t("check.which")}</span>
          <div class="choices tall">
            {rules.map((rule) => (
              <button
                key={rule.id}
                type="button"
                aria-pressed={chosen.includes(rule.id)}
                data-testid={`rule-${rule.id}`}
                onClick={() => choose(rule.id)}
              >
                {rule.name} <small>{ruleText(rule)}</small>
              </button>
            ))}
          </div>
        </div>
      )}
      {measured.map((rule) => (
        <Measured key={rule.id} rule={rule} typed={typed} onInput={set} />
      ))}
      {(check.asks ?? []).map((ask) =>
        ask.answer === "yes_no" ? (
          <YesNo key={ask.id} name={ask.text} value={typed[`ask ${ask.id}`]} testId={`ask-${ask.id}`} onChoose={(yes) => set(`ask ${ask.id}`, yes)} />
        ) : (
          <span key={ask.id}>{text(`ask ${ask.id}`, ask.text, NOTE_LIMIT)}</span>
        ),
      )}
      {delivery && <YesNo name={t("check.accepted")} value={typed["accepted"]} testId="accepted" onChoose={(yes) => set("accepted", yes)} />}
      {text("note", t("check.note"), NOTE_LIMIT)}
      {stands && text("why", t("check.why"), NOTE_LIMIT)}
      <Trouble subject={subject} testId="check-trouble" />
    </Dialog>
  );
}

function Measured({ rule, typed, onInput }: { rule: Rule; typed: Typed; onInput: (name: string, text: string) => void }) {
  const { scale } = rule.limit;
  const value = typed[`milli ${rule.id}`] ?? "";
  const milliC = value.trim() === "" ? undefined : milliOf(value, scale);
  const small = (name: string, label: string) => (
    <label class="field">
      <span>{label}</span>
      <input inputMode="numeric" value={typed[name] ?? ""} data-testid={name.replace(" ", "-")} onInput={(event) => onInput(name, event.currentTarget.value)} />
    </label>
  );
  return (
    <div class="measured">
      <MilliField
        label={`${rule.name}: ${ruleText(rule)}`}
        scale={scale}
        text={value}
        hint={clauseText(rule.source)}
        verdict={milliC === undefined ? undefined : holds(rule.limit, milliC)}
        testId={`milli-${rule.id}`}
        onInput={(text) => onInput(`milli ${rule.id}`, text)}
      />
      {rule.holdSeconds ? small(`held ${rule.id}`, t("check.held")) : null}
      {rule.withinMinutes ? small(`took ${rule.id}`, t("check.took")) : null}
    </div>
  );
}

interface YesNoProps {
  name: string;
  value: string | undefined;
  testId: string;
  onChoose: (value: "yes" | "no") => void;
}

export function YesNo({ name, value, testId, onChoose }: YesNoProps) {
  return (
    <div class="yes-no" role="radiogroup" aria-label={name}>
      <span>{name}</span>
      <button type="button" class="big" role="radio" aria-checked={value === "yes"} data-testid={`${testId}-yes`} onClick={() => onChoose("yes")}>
        {t("yes")}
      </button>
      <button type="button" class="big no" role="radio" aria-checked={value === "no"} data-testid={`${testId}-no`} onClick={() => onChoose("no")}>
        {t("no")}
      </button>
    </div>
  );
}
