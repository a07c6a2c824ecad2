// What somebody picks for a report: as the page holds it, as a request names it, as it is saved.
import type { ReportBody, ReportFilter, SavedReport } from "../api/types";
import type { Scale } from "./plan";

export const SECTIONS = [
  "plan",
  "units",
  "excursions",
  "records",
  "readings",
  "checks",
  "cooling",
  "timers",
  "calibrations",
  "faults",
  "amendments",
  "reviews",
  "audit",
] as const;

export interface Picks {
  /** Empty: all. */
  units: ReadonlySet<string>;
  sections: ReadonlySet<string>;
  /** Empty: that of the plan's limits. */
  scale: Scale | "";
  /** `table.column`; a table of which none is named has all. */
  fields: readonly string[];
  filters: readonly ReportFilter[];
}

export const EVERYTHING: Picks = { units: new Set(), sections: new Set(SECTIONS), scale: "", fields: [], filters: [] };

/** The tables of a section, where there are more than the one of its name. */
const TABLES: Record<string, readonly string[]> = { units: ["units", "gaps"], records: ["records", "actions"] };

export const tablesOf = (section: string): readonly string[] => TABLES[section] ?? [section];

const isOf = (table: string) => (column: string) => column.startsWith(`${table}.`);

/** As the API has it: what is all is left out, and so is what is about a section that is not in it. */
function wanted({ units, sections, scale, fields, filters }: Picks): Omit<ReportBody, "name" | "every" | "keep"> {
  const tables = [...sections].flatMap(tablesOf).map(isOf);
  const isThere = (column: string) => tables.some((is) => is(column));
  return {
    units: [...units],
    sections: SECTIONS.every((section) => sections.has(section)) ? [] : [...sections],
    scale,
    fields: fields.filter(isThere),
    filters: filters.filter(({ column }) => isThere(column)).map(({ column, is }) => ({ column, is: is.trim() })),
  };
}

/** Adds them to a request for a report. */
export function intoQuery(picks: Picks, query: URLSearchParams): void {
  const { units, sections, scale, fields, filters } = wanted(picks);
  if (units.length > 0) query.set("units", units.join(","));
  if (sections.length > 0) query.set("sections", sections.join(","));
  if (scale !== "") query.set("scale", scale);
  if (fields.length > 0) query.set("fields", fields.join(","));
  if (filters.length > 0) query.set("filters", filters.map(({ column, is }) => `${column}=${is}`).join(";"));
}

/** A request has a semicolon between two filters: their text can have none. */
export const isSayable = ({ filters }: Picks): boolean => filters.every(({ is }) => !is.includes(";"));

export const EVERY = ["never", "day", "week", "month"] as const;
export type Every = (typeof EVERY)[number];

export interface Naming {
  /** Of the saved report that is being changed. */
  id: string | null;
  name: string;
  every: Every;
  keep: string;
}

export const UNNAMED: Naming = { id: null, name: "", every: "never", keep: "24" };

const MAX_KEPT = 400;

/** What is saved; nothing as long as it has no name or keeps a number of files that is none. */
export function bodyOf(picks: Picks, { name, every, keep }: Naming): ReportBody | undefined {
  const files = /^\d+$/.test(keep.trim()) ? Number(keep) : 0;
  if (name.trim() === "" || files < 1 || files > MAX_KEPT || picks.sections.size === 0 || !isSayable(picks)) return undefined;
  return { ...wanted(picks), name: name.trim(), every, keep: files };
}

export const picksOf = ({ units, sections, scale, fields, filters }: SavedReport): Picks => ({
  units: new Set(units),
  sections: new Set(sections.length === 0 ? SECTIONS : sections),
  scale: scale === "C" || scale === "F" ? scale : "",
  fields,
  filters,
});

export const namingOf = ({ id, name, every, keep }: SavedReport): Naming => ({
  id,
  name,
  every: EVERY.find((one) => one === every) ?? "never",
  keep: String(keep),
});

/** The columns of a table that are shown, of all that it has. */
export function shownOf(all: readonly string[], fields: readonly string[]): readonly string[] {
  const named = fields.filter((field) => all.includes(field));
  return named.length === 0 ? all : named;
}

/** With one column of a table turned on or off. All of them on are not named. */
export function toggled(all: readonly string[], fields: readonly string[], column: string): string[] {
  const shown = shownOf(all, fields);
  const left = all.filter((one) => (one === column) !== shown.includes(one));
  return [...fields.filter((field) => !all.includes(field)), ...(left.length === all.length ? [] : left)];
}
