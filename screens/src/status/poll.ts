// The box's own state, asked every 2 s. This is the one page that asks: it must work when the live feed does not.
import { useEffect, useState } from "preact/hooks";
import { boxStatus } from "../api/calls";
import { NoAnswer, Refusal } from "../api/client";
import type { BoxStatus } from "../api/types";
import { connection, timeQuality } from "../live/live";
import { beat, watchPulse } from "../live/pulse";

const EVERY_MS = 2_000;

export function useBoxStatus(): { status: BoxStatus | null; refusal: string } {
  const [status, setStatus] = useState<BoxStatus | null>(null);
  const [refusal, setRefusal] = useState("");
  useEffect(() => {
    const stopPulse = watchPulse();
    let timer = 0;
    let left = false;
    const ask = async () => {
      try {
        const answer = await boxStatus();
        if (left) return;
        beat(Date.parse(answer.now));
        connection.set("live");
        timeQuality.set(answer.timeQuality);
        setStatus(answer);
        setRefusal("");
      } catch (error) {
        if (left) return;
        connection.set("lost");
        if (error instanceof Refusal) setRefusal(error.message);
        else if (!(error instanceof NoAnswer)) throw error;
      }
      // The next question waits for the answer to this one: a slow box is not asked faster than it answers.
      if (!left) timer = window.setTimeout(() => void ask(), EVERY_MS);
    };
    void ask();
    return () => {
      left = true;
      clearTimeout(timer);
      stopPulse();
    };
  }, []);
  return { status, refusal };
}
