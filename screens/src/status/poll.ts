// The box's own state, asked every 2 s. This is the one page that asks: it must work when the live feed does not.
import { useEffect } from "preact/hooks";
import { boxStatus } from "../api/calls";
import type { BoxStatus } from "../api/types";
import { connection, timeQuality } from "../live/live";
import { beat, watchPulse } from "../live/pulse";
import { usePoll } from "../state/poll";

const EVERY_MS = 2_000;

export function useBoxStatus(): { status: BoxStatus | null; refusal: string } {
  useEffect(watchPulse, []);
  const { value, refusal } = usePoll(boxStatus, {
    everyMs: EVERY_MS,
    onAnswer: (answer) => {
      beat(Date.parse(answer.now));
      connection.set("live");
      timeQuality.set(answer.timeQuality);
    },
    onLost: () => connection.set("lost"),
  });
  return { status: value, refusal };
}
