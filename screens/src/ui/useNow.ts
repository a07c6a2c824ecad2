// The box's time, once a second, for the few elements that show an age. One timer serves them all.
import { useLayoutEffect, useState } from "preact/hooks";
import { boxNow } from "../live/pulse";

const listeners = new Set<() => void>();
let timer = 0;

export function useNow(): number {
  const [now, setNow] = useState(boxNow);
  useLayoutEffect(() => {
    const tick = () => setNow(boxNow());
    listeners.add(tick);
    if (timer === 0) timer = window.setInterval(() => listeners.forEach((listener) => listener()), 1000);
    return () => {
      listeners.delete(tick);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = 0;
    };
  }, []);
  return now;
}
