// Temperatures are printed with one decimal, rounded toward the violation: a unit that must stay below a
// limit is never shown colder than it is, one that must stay above never warmer. So 5.04 °C against a limit
// of 5.0 °C prints as 5.1, and no print of a violation looks like the limit.
import { locale } from "../i18n";

export interface Limits {
  minMilliC?: number | null;
  maxMilliC?: number | null;
}

const TENTH = 100;

/** Tenths of a degree. With both limits, the nearer one is the one that counts. */
export function tenths(milliC: number, { minMilliC: min, maxMilliC: max }: Limits): number {
  const towardMax = max != null && (min == null || max - milliC <= milliC - min);
  if (towardMax) return Math.ceil(milliC / TENTH);
  if (min != null) return Math.floor(milliC / TENTH);
  return Math.round(milliC / TENTH);
}

export function degrees(milliC: number, limits: Limits): string {
  return signed(tenths(milliC, limits), 1);
}

/** A limit is printed exactly, with as many decimals as it needs. */
export function exactDegrees(milliC: number): string {
  if (milliC % 100 === 0) return signed(milliC / 100, 1);
  return milliC % 10 === 0 ? signed(milliC / 10, 2) : signed(milliC, 3);
}

export function limitsText({ minMilliC: min, maxMilliC: max }: Limits): string {
  if (min != null && max != null) return `${exactDegrees(min)} … ${exactDegrees(max)} °C`;
  if (max != null) return `≤ ${exactDegrees(max)} °C`;
  return min != null ? `≥ ${exactDegrees(min)} °C` : "";
}

function signed(units: number, digits: number): string {
  const scale = 10 ** digits;
  const size = Math.abs(units);
  const point = new Intl.NumberFormat(locale()).formatToParts(1.1).find((part) => part.type === "decimal")?.value ?? ".";
  return `${units < 0 ? "−" : ""}${Math.floor(size / scale)}${point}${String(size % scale).padStart(digits, "0")}`;
}
