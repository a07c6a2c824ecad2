// What was done: one of the plan's choices, or in other words, with all that the choice asks for. What is missing is
// said before anything is sent.
import { useState } from "preact/hooks";
import { takeAction } from "../api/safety";
import type { ComplianceRecord, NewAction } from "../api/types";
import { t, word } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { Trouble } from "../ui/Trouble";
import { MilliField, milliOf } from "./MilliField";
import { scaleOf, type Choice, type Need, type Plan } from "./plan";

const DISPOSITIONS = ["keep", "rework", "discard", "no_food"] as const;
const TEXT_LIMIT = 200;
const OTHER: Choice = { id: "other", text: "", requires: ["disposition", "cause"] };

export interface ActionFormProps {
  record: ComplianceRecord;
  plan: Plan | null;
  onDone: () => void;
}

/** Those of its control point; of any, where it names none. */
function choicesOf(record: ComplianceRecord, plan: Plan | null): Choice[] {
  const points = (plan?.controlPoints ?? []).filter(({ id }) => record.controlPoint == null || id === record.controlPoint);
  const unique = new Map(points.flatMap((point) => point.corrective ?? []).map((choice) => [choice.id, choice]));
  return [...unique.values(), OTHER];
}

export function ActionForm({ record, plan, onDone }: ActionFormProps) {
  const [chosen, setChosen] = useState<Choice | null>(null);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const subject = `action:${record.id}`;
  const busy = useWrite(subject)?.state === "sending";
  const scale = scaleOf(plan);
  const set = (name: string, text: string) => {
    if (!busy) forget(subject);
    setTyped((now) => ({ ...now, [name]: text }));
  };
  const given = (name: string) => (typed[name] ?? "").trim();
  const milliC = given("product") === "" ? null : milliOf(given("product"), scale);
  const needs = (need: Need) => chosen?.requires?.includes(need) ?? false;
  const missing: string[] = [
    ...(needs("product_temperature") && milliC == null ? [t("action.product")] : []),
    ...(needs("disposition") && !given("disposition") ? [t("action.disposition")] : []),
    ...(needs("quantity") && !given("quantity") ? [t("action.quantity")] : []),
    ...(needs("cause") && !given("cause") ? [t("action.cause")] : []),
    ...(chosen?.id === OTHER.id && !given("text") ? [t("action.what")] : []),
  ];
  const send = async () => {
    if (chosen === null || missing.length > 0 || milliC === undefined) return;
    const text = (name: string) => given(name) || undefined;
    const body = {
      choice: chosen.id,
      text: text("text"),
      productMilliC: milliC ?? undefined,
      disposition: text("disposition"),
      quantity: text("quantity"),
      cause: text("cause"),
      note: text("note"),
    } as NewAction;
    if (!(await write(subject, (key) => takeAction(record.id, body, key)))) return;
    setChosen(null);
    setTyped({});
    onDone();
  };
  const field = (name: string, label: string) => (
    <label class="field">
      <span>{label}</span>
      <input value={typed[name] ?? ""} maxLength={TEXT_LIMIT} readOnly={busy} data-testid={`action-${name}`} onInput={(event) => set(name, event.currentTarget.value)} />
    </label>
  );
  return (
    <div class="action-form">
      <h3>{t("action.title")}</h3>
      <div class="choices tall" role="radiogroup" aria-label={t("action.title")}>
        {choicesOf(record, plan).map((choice) => (
          <button
            key={choice.id}
            type="button"
            role="radio"
            aria-checked={choice.id === chosen?.id}
            data-testid={`choice-${choice.id}`}
            disabled={busy}
            onClick={() => {
              forget(subject);
              setChosen(choice);
            }}
          >
            {choice.text || t("action.other")}
          </button>
        ))}
      </div>
      {chosen && (
        <>
          {chosen.id === OTHER.id && field("text", t("action.what"))}
          {needs("product_temperature") && (
            <MilliField label={t("action.product")} scale={scale} text={typed["product"] ?? ""} testId="action-product" onInput={(text) => set("product", text)} />
          )}
          {needs("disposition") && (
            <div class="field">
              <span>{t("action.disposition")}</span>
              <div class="choices" role="radiogroup" aria-label={t("action.disposition")}>
                {DISPOSITIONS.map((one) => (
                  <button key={one} type="button" role="radio" aria-checked={typed["disposition"] === one} data-testid={`disposition-${one}`} onClick={() => set("disposition", one)}>
                    {word("disposition", one)}
                  </button>
                ))}
              </div>
            </div>
          )}
          {(needs("quantity") || typed["disposition"] === "discard") && field("quantity", t("action.quantity"))}
          {needs("cause") && field("cause", t("action.cause"))}
          {field("note", t("action.note"))}
          {missing.length > 0 && <p class="soft">{t("action.missing", { list: missing.join(", ") })}</p>}
          <button type="button" class="primary big wide" disabled={busy || missing.length > 0 || milliC === undefined} data-testid="take-action" onClick={() => void send()}>
            {t(busy ? "sending" : "action.save")}
          </button>
        </>
      )}
      <Trouble subject={subject} testId="action-trouble" />
    </div>
  );
}
