// How old the picture is. Anything that proves the box alive (a frame, a poll's answer) is a beat;
// 3 s without one and the picture is stale. Measured on the monotonic clock, so that no one's clock matters.
import { createStore } from "../state/store";

export const STALE_AFTER_MS = 3_000;
const LOOK_EVERY_MS = 250;

export interface Freshness {
  stale: boolean;
  /** Whole seconds since the last beat. */
  seconds: number;
  /** False until the first beat: there is no picture yet. */
  any: boolean;
}

export const freshness = createStore<Freshness>({ stale: false, seconds: 0, any: false });

let startedAt = performance.now();
let lastBeat: number | null = null;
let offsetMs = 0;
let watching = 0;

/** Notes a beat; `boxNow` is what the box's clock said in it. */
export function beat(boxNow?: number): void {
  lastBeat = performance.now();
  if (boxNow !== undefined) offsetMs = boxNow - Date.now();
  look();
}

/** Now by the box's clock: what it stamped is compared with this, never with the tablet's own clock. */
export const boxNow = (): number => Date.now() + offsetMs;

export function watchPulse(): () => void {
  startedAt = performance.now();
  lastBeat = null;
  watching = window.setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(watching);
}

function look(): void {
  const silentMs = performance.now() - (lastBeat ?? startedAt);
  const next = {
    stale: silentMs >= STALE_AFTER_MS,
    seconds: Math.floor(silentMs / 1000),
    any: lastBeat !== null,
  };
  freshness.update((now) =>
    now.stale === next.stale && now.seconds === next.seconds && now.any === next.any ? now : next,
  );
}
