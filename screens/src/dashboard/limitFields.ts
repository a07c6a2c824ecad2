// A probe's fields as a conflict gives them: by the names of the log, with values as text.
import type { ProbePatch } from "../api/types";
import { t } from "../i18n";
import { exactDegrees } from "../ui/temperature";

/** How a conflict writes a value that was taken away. */
const NOTHING = "–";

const isLimit = (field: string) => field === "min" || field === "max";

export function fieldName(field: string): string {
  if (field === "min") return t("dash.min");
  return field === "max" ? t("dash.max") : field.replaceAll("_", " ");
}

export function fieldText(value: string, field: string): string {
  if (!isLimit(field)) return value;
  return value === NOTHING ? t("dash.noLimit") : `${exactDegrees(Number(value))} °C`;
}

/** What must be saved for a value to hold; null for a field that can't be settled here. */
export function fieldPatch(field: string, value: string): ProbePatch | null {
  if (field === "name") return { name: value };
  if (!isLimit(field)) return null;
  const limit = value === NOTHING ? null : Number(value);
  return field === "min" ? { minMilliC: limit } : { maxMilliC: limit };
}
