// A history as the chart wants it: a place for each point, and a break wherever the box says that there is no data, so
// that no line is ever drawn through a gap.
import type { History, HistoryPoint } from "../api/types";

export interface Series {
  times: number[];
  last: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
}

/** Seconds since 1970. */
export interface Gap {
  from: number;
  to: number;
  reason: string | null;
}

export interface Dot {
  at: number;
  value: number;
}

const seconds = (at: string) => Date.parse(at) / 1000;

const inDegrees = (milliC: number | null | undefined) => (milliC == null ? null : milliC / 1000);

export function gapsOf(history: History): Gap[] {
  return history.gaps.map(({ from, to, reason }) => ({ from: seconds(from), to: seconds(to), reason: reason ?? null }));
}

export function seriesOf(history: History): Series {
  const places = new Map<number, HistoryPoint | null>();
  for (const point of history.points) {
    // No sample was due: the line goes on.
    if (point.last == null && point.reason === "between") continue;
    const at = seconds(point.at);
    const known = places.get(at);
    // What came late stands beside its minute, and for it where that had no value.
    if (known == null || known.last == null) places.set(at, point);
  }
  for (const { from } of history.gaps) {
    const at = seconds(from);
    places.set(places.get(at)?.last == null ? at : at + 1, null);
  }
  const times = [...places.keys()].sort((a, b) => a - b);
  const of = (pick: (point: HistoryPoint) => number | null | undefined) =>
    times.map((at) => inDegrees(places.get(at) && pick(places.get(at)!)));
  return { times, last: of((point) => point.last), min: of((point) => point.min), max: of((point) => point.max) };
}

/** What came late, from a device that had kept it. */
export function lateOf(history: History): Dot[] {
  const late = history.points.filter((point) => point.late && point.last != null);
  return late.map((point) => ({ at: seconds(point.at), value: point.last! / 1000 }));
}
