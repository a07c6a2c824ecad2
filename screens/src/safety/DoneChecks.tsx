// The checks that were done or missed. Of one that was corrected all stays in sight: who corrected it, why, and what stood
// before.
import type { CheckCorrection, SafetyCheck } from "../api/types";
import { t } from "../i18n";
import { boxNow } from "../live/pulse";
import { moment } from "../ui/format";
import { limitText, shownIn, type PlannedCheck, type Scale } from "./plan";

export interface DoneChecksProps {
  done: SafetyCheck[];
  /** Of the plan in force, for the words of their questions. */
  planned: ReadonlyMap<string, PlannedCheck>;
  mayCorrect: (check: SafetyCheck) => boolean;
  onCorrect: (check: SafetyCheck) => void;
}

export function DoneChecks({ done, planned, mayCorrect, onCorrect }: DoneChecksProps) {
  return (
    <ul class="done-list" data-testid="done">
      {done.map((check) => (
        <DoneRow key={check.id} check={check} asks={planned.get(check.check)?.asks} onCorrect={mayCorrect(check) ? onCorrect : undefined} />
      ))}
    </ul>
  );
}

interface DoneRowProps {
  check: SafetyCheck;
  asks: PlannedCheck["asks"];
  onCorrect: ((check: SafetyCheck) => void) | undefined;
}

function DoneRow({ check, asks, onCorrect }: DoneRowProps) {
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
          {check.values.map((value) => ` · ${measuredText(value)} (${limitText(value.limit)})`)}
        </small>
        {check.corrections.map(({ at, by, why, before }, index) => (
          <small key={at} data-testid="correction">
            {t("checks.corrected", {
              at: moment(at, boxNow()),
              by: by ?? "–",
              why,
              before: beforeText(before, check.corrections[index + 1]?.before ?? check, asks),
            })}
          </small>
        ))}
      </span>
      {check.punctual === "late" && <span class="state warn">{t("checks.wasLate")}</span>}
      {onCorrect && (
        <button type="button" data-testid="correct" onClick={() => onCorrect(check)}>
          {t("checks.correct")}
        </button>
      )}
    </li>
  );
}

type Stood = CheckCorrection["before"];

const measuredText = ({ milliC, limit }: Stood["values"][number]) => shownIn(milliC, limit.scale as Scale);

const TEXTS = ["product", "supplier", "lot", "note"] as const;

/** All that was measured, and what else was corrected after it. */
function beforeText(before: Stood, after: Stood | SafetyCheck, asks: PlannedCheck["asks"]): string {
  const answers = before.answers.filter(({ ask, yes, text }) => {
    const now = after.answers.find((answer) => answer.ask === ask);
    return differs(yes, now?.yes) || differs(text, now?.text);
  });
  return [
    ...before.values.map(withItsTime),
    ...answers.map(({ ask, yes, text }) => `${asks?.find(({ id }) => id === ask)?.text ?? ask} ${said(yes, text)}`),
    ...TEXTS.filter((name) => differs(before[name], after[name])).map((name) => `${t(`check.${name}`)}: ${said(null, before[name])}`),
    ...(differs(before.accepted, after.accepted) ? [`${t("check.accepted")} ${said(before.accepted)}`] : []),
    ...(before.passed === after.passed ? [] : [t(before.passed ? "checks.before.passed" : "checks.before.failed")]),
  ].join(", ");
}

function withItsTime(value: Stood["values"][number]): string {
  const { heldSeconds, tookMinutes } = value;
  return [
    measuredText(value),
    heldSeconds != null && t("safety.forSeconds", { n: heldSeconds }),
    tookMinutes != null && t("safety.withinMinutes", { n: tookMinutes }),
  ]
    .filter(Boolean)
    .join(" ");
}

const differs = <T,>(before: T | null | undefined, after: T | null | undefined) => (before ?? null) !== (after ?? null);

const said = (yes: boolean | null | undefined, text?: string | null) =>
  [yes != null && t(yes ? "yes" : "no"), text].filter(Boolean).join(" ") || t("report.isEmpty");
