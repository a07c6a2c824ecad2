// How long to wait before the next try: 0.4 s, doubling to 10 s, with "equal jitter", so that the screens
// of a kitchen do not all come back in the same instant after the box has restarted.

const FIRST_MS = 400;
const MOST_MS = 10_000;

export function waitBefore(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return whole / 2 + (random() * whole) / 2;
}
