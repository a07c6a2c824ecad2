// After a tap that takes a card away, others move under the finger. For the length of a double tap no such
// button acts, so that the second tap of two does not bump (or serve) the one that came next.
import { createStore } from "./store";

const SETTLE_MS = 400;

export const settling = createStore<boolean>(false);

export function tapOnce(act: () => void): void {
  if (settling.get()) return;
  settling.set(true);
  setTimeout(() => settling.set(false), SETTLE_MS);
  act();
}
