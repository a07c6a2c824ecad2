// What is typed into the form of a check, and what is sent of it.
import type { CheckAnswered, SafetyCheck } from "../api/types";
import { milliOf, milliText } from "./MilliField";
import type { PlannedCheck, Rule, Scale } from "./plan";

export type Typed = Record<string, string>;
type Field = [name: string, text: string | null | undefined];

const yesOrNo = (yes: boolean | null | undefined) => (yes == null ? undefined : yes ? "yes" : "no");

/** The form as it is filled in for what stands. */
export function typedOf({ values, answers, product, supplier, lot, accepted, note }: SafetyCheck): Typed {
  const fields: Field[] = [
    ...values.flatMap(({ rule, milliC, limit, heldSeconds, tookMinutes }): Field[] => [
      [`milli ${rule}`, milliText(milliC, limit.scale as Scale)],
      [`held ${rule}`, heldSeconds?.toString()],
      [`took ${rule}`, tookMinutes?.toString()],
    ]),
    ...answers.flatMap(({ ask, yes, text }): Field[] => [
      [`ask ${ask}`, yesOrNo(yes) ?? text],
      [`remark ${ask}`, text],
    ]),
    ["product", product],
    ["supplier", supplier],
    ["lot", lot],
    ["accepted", yesOrNo(accepted)],
    ["note", note],
  ];
  return Object.fromEntries(fields.filter((field): field is [string, string] => field[1] != null));
}

const whole = (text: string | undefined) => (text?.trim() ? Number(/^\d{1,5}$/.exec(text.trim())?.[0] ?? NaN) : undefined);

/** Undefined while something is missing. */
export function answeredOf(check: PlannedCheck, measured: Rule[], typed: Typed): CheckAnswered | undefined {
  const text = (name: string) => typed[name]?.trim() || undefined;
  const values = measured.map(({ id, limit }) => ({
    rule: id,
    milliC: milliOf(typed[`milli ${id}`] ?? "", limit.scale),
    heldSeconds: whole(typed[`held ${id}`]),
    tookMinutes: whole(typed[`took ${id}`]),
  }));
  if (values.some((value) => value.milliC === undefined || Number.isNaN(value.heldSeconds) || Number.isNaN(value.tookMinutes))) return undefined;
  const asks = check.asks ?? [];
  if (asks.some((ask) => text(`ask ${ask.id}`) === undefined)) return undefined;
  const answers = asks.map(({ id, answer }) =>
    answer === "yes_no" ? { ask: id, yes: typed[`ask ${id}`] === "yes", text: text(`remark ${id}`) } : { ask: id, text: text(`ask ${id}`) },
  );
  const accepted = typed["accepted"];
  if (check.kind === "delivery" && accepted === undefined) return undefined;
  return {
    values,
    answers,
    product: text("product"),
    supplier: text("supplier"),
    lot: text("lot"),
    accepted: accepted === undefined ? undefined : accepted === "yes",
    note: text("note"),
  } as CheckAnswered;
}
