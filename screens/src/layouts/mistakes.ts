// What the server says is wrong with elements, by the element and not by its place: rows move while one reads.
import type { Problem } from "../api/types";
import type { Row } from "./layouts";

export interface Mistake {
  /** The row's key; null for what is wrong with no single one. */
  row: string | null;
  /** The element's field; "" for the element itself. */
  field: string;
  message: string;
}

const PATH = /^elements\[(\d+)\]\.?(.*)$/;

/** `rows` are those that were sent. */
export function mistakesOf(problem: Problem, rows: readonly Row[]): Mistake[] {
  const named = (problem.errors ?? []).map(({ field, message }) => {
    const [, place, name = ""] = PATH.exec(field) ?? [];
    return { row: place === undefined ? null : (rows[Number(place)]?.key ?? null), field: name, message };
  });
  return named.length > 0 ? named : [{ row: null, field: "", message: problem.detail || problem.title }];
}
