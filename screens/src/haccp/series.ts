// A history as the chart wants it: one place for each minute, null where there is no data, so that a minute
// the box never wrote is a gap just as one it wrote without a value.
import type { History, HistoryPoint } from "../api/types";

const MINUTE_S = 60;

export interface Series {
  times: number[];
  last: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
}

export interface Gap {
  from: number;
  to: number;
  reason: string | null;
}

const minuteOf = (at: string) => Math.floor(Date.parse(at) / 1000 / MINUTE_S);

const inDegrees = (milliC: number | null | undefined) => (milliC == null ? null : milliC / 1000);

function minutesOf(history: History): { minute: number; point: HistoryPoint | undefined }[] {
  const points = new Map(history.points.map((point) => [minuteOf(point.at), point]));
  const first = Math.ceil(Date.parse(history.from) / 1000 / MINUTE_S);
  // The minute that is still running has no point yet; that is no gap.
  const newest = history.points.at(-1);
  const nowRunning = minuteOf(history.to);
  const end = newest && minuteOf(newest.at) >= nowRunning - 1 ? minuteOf(newest.at) : nowRunning - 1;
  return Array.from({ length: Math.max(0, end - first + 1) }, (_, i) => ({
    minute: first + i,
    point: points.get(first + i),
  }));
}

export function seriesOf(history: History): Series {
  const minutes = minutesOf(history);
  return {
    times: minutes.map(({ minute }) => minute * MINUTE_S),
    last: minutes.map(({ point }) => inDegrees(point?.last)),
    min: minutes.map(({ point }) => inDegrees(point?.min)),
    max: minutes.map(({ point }) => inDegrees(point?.max)),
  };
}

/** The stretches without data; a change of reason begins another. */
export function gapsOf(history: History): Gap[] {
  const gaps: Gap[] = [];
  for (const { minute, point } of minutesOf(history)) {
    if (point?.last != null) continue;
    const from = minute * MINUTE_S;
    const reason = point?.reason ?? null;
    const open = gaps.at(-1);
    if (open && open.to === from && open.reason === reason) open.to = from + MINUTE_S;
    else gaps.push({ from, to: from + MINUTE_S, reason });
  }
  return gaps;
}
