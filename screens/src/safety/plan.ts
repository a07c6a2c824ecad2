// The HACCP plan as the API gives it, and which of its limits are about what.
import type { Probe } from "../api/types";
import { locale, t } from "../i18n";

export type Scale = "C" | "F";
export type Bound = "at_most" | "at_least" | "more_than" | "less_than";

export interface Limit {
  bound: Bound;
  milli: number;
  scale: Scale;
}

export interface Source {
  clause: string;
  edition: string;
  url?: string;
  confirmed?: boolean;
}

export interface Rule {
  id: string;
  name: string;
  limit: Limit;
  basis?: string;
  holdSeconds?: number | null;
  withinMinutes?: number | null;
  source: Source;
}

export type Need = "product_temperature" | "disposition" | "quantity" | "cause";

export interface Choice {
  id: string;
  text: string;
  requires?: Need[];
}

export interface ControlPoint {
  id: string;
  name: string;
  kind: "ccp" | "oprp" | "prp";
  step: string;
  foodClass?: string;
  hazards?: string[];
  units?: string[];
  probes?: string[];
  limits?: Rule[];
  monitoring: { auto: { periodSeconds: number; maxGapMinutes: number } } | { manual: { checks: string[] } };
  corrective?: Choice[];
}

export interface PlannedCheck {
  id: string;
  name: string;
  kind: string;
  controlPoint?: string | null;
  schedule: { times: { at: string[]; days?: number[] } } | { on_event: object };
  graceMinutes: number;
  role?: string | null;
  asks?: { id: string; text: string; answer: "yes_no" | "text" }[];
}

export interface CoolingRule {
  id: string;
  name: string;
  from?: Limit | null;
  stages: { to: Limit; withinMinutes: number }[];
  source: Source;
}

export interface TimerRule {
  id: string;
  name: string;
  minutes: number;
  startsWithin: Limit[];
  neverBeyond?: Limit | null;
  /** It may be used only where the plan has a written procedure. */
  needsProcedure?: boolean;
  source: Source;
}

export interface Plan {
  name: string;
  jurisdiction: { code: string; edition: string; note?: string };
  scope?: string;
  hazards: { id: string; kind: string; name: string }[];
  controlPoints: ControlPoint[];
  checks?: PlannedCheck[];
  cooling?: CoolingRule[];
  timers?: TimerRule[];
  /** How food is kept by time instead of temperature, in the establishment's words. */
  timeProcedure?: string;
  calibration?: { everyDays: number; warnDays: number; toleranceMilli: number; altitudeMetres?: number };
  verification?: { id: string; text: string; everyDays: number; role?: string | null }[];
}

/** What names the probe counts before what names its kind of unit, as on the box. */
export function pointOf(plan: Plan | null, probe: Probe): ControlPoint | undefined {
  const points = plan?.controlPoints ?? [];
  return points.find((point) => point.probes?.includes(probe.id)) ?? points.find((point) => point.units?.includes(probe.unitKind));
}

/** In thousandths of a degree Celsius, to the nearest: values and limits alike, as on the box. */
export const toMilliC = (milli: number, scale: Scale): number => (scale === "C" ? milli : Math.round(((milli - 32_000) * 5) / 9));

const celsius = ({ milli, scale }: Limit) => toMilliC(milli, scale);

const strictest = (all: (number | null | undefined)[], pick: (...values: number[]) => number) => {
  const known = all.filter((one) => one != null);
  return known.length === 0 ? null : pick(...known);
};

/** What the box watches a probe by: of its own limits and those of its control point the stricter. */
export function standingLimits(probe: Probe, point: ControlPoint | undefined): { minMilliC: number | null; maxMilliC: number | null } {
  const limits = (point?.limits ?? []).map((rule) => rule.limit);
  const upper = limits.filter(({ bound }) => bound === "at_most" || bound === "less_than").map(celsius);
  const lower = limits.filter(({ bound }) => bound === "at_least" || bound === "more_than").map(celsius);
  return { minMilliC: strictest([probe.minMilliC, ...lower], Math.max), maxMilliC: strictest([probe.maxMilliC, ...upper], Math.min) };
}

export const isOnEvent = (check: PlannedCheck) => "on_event" in check.schedule;

export const limitsOf = (plan: Plan, check: PlannedCheck): Rule[] =>
  plan.controlPoints.find(({ id }) => id === check.controlPoint)?.limits ?? [];

/** "3-501.16(A)(2), FDA Food Code 2022". */
export const clauseText = ({ clause, edition }: Source) => [clause, edition].filter(Boolean).join(", ");

const SIGNS: Record<Bound, string> = { at_most: "≤", at_least: "≥", more_than: ">", less_than: "<" };

export function limitText({ bound, milli, scale }: { bound: string; milli: number; scale: string }): string {
  const value = (milli / 1000).toLocaleString(locale(), { maximumFractionDigits: 3 }).replace("-", "−");
  return `${SIGNS[bound as Bound] ?? ""} ${value} °${scale}`;
}

/** "≥ 155 °F for 17 s". */
export function ruleText(rule: Rule): string {
  const parts = [limitText(rule.limit)];
  if (rule.holdSeconds) parts.push(t("safety.forSeconds", { n: rule.holdSeconds }));
  if (rule.withinMinutes) parts.push(t("safety.withinMinutes", { n: rule.withinMinutes }));
  return parts.join(" ");
}

/** The scale in which a plan's people think. */
export function scaleOf(plan: Plan | null): Scale {
  const rules = plan?.controlPoints.flatMap((point) => point.limits ?? []) ?? [];
  return rules.some(({ limit }) => limit.scale === "F") ? "F" : "C";
}

export function holds(limit: Limit, milliC: number): boolean {
  const at = celsius(limit);
  if (limit.bound === "at_most") return milliC <= at;
  if (limit.bound === "at_least") return milliC >= at;
  return limit.bound === "more_than" ? milliC > at : milliC < at;
}

/** In tenths of the scale; beyond its limit rounded away from it, so that no violation reads like the limit. */
export function shownIn(milliC: number, scale: Scale, limit?: Limit): string {
  // In thousandths of the scale, a fifth of a thousandth at the finest; a value at the limit is the limit's own figure.
  const measured = scale === "C" ? milliC : (milliC * 9 + 160_000) / 5;
  const exact = limit?.scale === scale && milliC === celsius(limit) ? limit.milli : measured;
  const upper = limit && (limit.bound === "at_most" || limit.bound === "less_than");
  const beyond = limit && !holds(limit, milliC);
  const tenths = beyond ? (upper ? Math.ceil(exact / 100) : Math.floor(exact / 100)) : Math.round(exact / 100);
  return `${(tenths / 10).toLocaleString(locale(), { minimumFractionDigits: 1 }).replace("-", "−")} °${scale}`;
}
