// Until when something may be used. Pure.

export type Unit = "hours" | "days" | "none";

const HOUR_MS = 3_600_000;
const UNIT_MS = { hours: HOUR_MS, days: 24 * HOUR_MS };

export const PRESETS: readonly { length: string; unit: "hours" | "days" }[] = [
  { length: "4", unit: "hours" },
  { length: "12", unit: "hours" },
  { length: "1", unit: "days" },
  { length: "2", unit: "days" },
  { length: "3", unit: "days" },
  { length: "5", unit: "days" },
  { length: "7", unit: "days" },
];

/** Milliseconds since 1970; null without an end, undefined for what is no length. A day has 24 hours. */
export function useBy(now: number, unit: Unit, length: string): number | null | undefined {
  if (unit === "none") return null;
  const n = /^[1-9]\d{0,3}$/.exec(length.trim());
  return n ? now + Number(n[0]) * UNIT_MS[unit] : undefined;
}
