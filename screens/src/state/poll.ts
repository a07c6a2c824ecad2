// A question that is asked again and again as long as somebody looks at the answer.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { NoAnswer, Refusal } from "../api/client";

export interface Poll<T> {
  /** The last answer, however old. */
  value: T | null;
  /** The server's words, when it refuses. */
  refusal: string;
  /** The last question got no answer: what is shown is older than it should be. */
  lost: boolean;
  /** Asks now. */
  again: () => void;
}

export interface PollOptions<T> {
  everyMs: number;
  onAnswer?: (value: T) => void;
  onLost?: () => void;
}

/** `ask` is what it was when the component was mounted: for another question, mount another. */
export function usePoll<T>(ask: () => Promise<T>, options: PollOptions<T>): Poll<T> {
  const [state, setState] = useState<Omit<Poll<T>, "again">>({ value: null, refusal: "", lost: false });
  const hurry = useRef<() => void>(() => undefined);
  useEffect(() => {
    let timer = 0;
    let left = false;
    let asking = false;
    let wanted = false;
    const turn = async () => {
      clearTimeout(timer);
      asking = true;
      wanted = false;
      try {
        const value = await ask();
        if (left) return;
        options.onAnswer?.(value);
        setState({ value, refusal: "", lost: false });
      } catch (error) {
        if (left) return;
        options.onLost?.();
        if (error instanceof Refusal) setState(({ value }) => ({ value, refusal: error.message, lost: false }));
        else if (error instanceof NoAnswer) setState(({ value, refusal }) => ({ value, refusal, lost: true }));
        else throw error;
      } finally {
        asking = false;
        // The next question waits for the answer to this one: a slow box is not asked faster than it answers.
        if (!left) timer = window.setTimeout(() => void turn(), wanted ? 0 : options.everyMs);
      }
    };
    hurry.current = () => {
      if (asking) wanted = true;
      else void turn();
    };
    void turn();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, []);
  const again = useCallback(() => hurry.current(), []);
  return { ...state, again };
}
