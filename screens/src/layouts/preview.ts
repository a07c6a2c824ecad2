// The picture of what is being edited. One question at a time, a moment after the last change; when the answer
// comes and there is something newer, that is asked next. The last good picture stays, and it is known how old it is.
import { useEffect, useRef, useState } from "preact/hooks";
import { previewLayout } from "../api/calls";
import { NoAnswer, Refusal } from "../api/client";
import type { LayoutId } from "../api/types";
import { dataUrl } from "../ui/blob";
import { elementsOf, type Row } from "./layouts";
import { mistakesOf, type Mistake } from "./mistakes";

const PAUSE_MS = 350;
const RETRY_MS = 3_000;

export interface Preview {
  /** The last good picture, as an address. */
  picture: string | null;
  /** The picture is of these elements and this printer. */
  current: boolean;
  /** Being drawn. */
  busy: boolean;
  mistakes: readonly Mistake[];
  /** Nobody has answered the last question. */
  lost: boolean;
}

interface Wanted {
  id: LayoutId;
  printer: string;
  rows: readonly Row[];
  /** Draws again what looks the same: the logo may be another. */
  round: number;
}

const NOTHING: Preview = { picture: null, current: false, busy: true, mistakes: [], lost: false };

export function usePreview(id: LayoutId, printer: string | null, rows: readonly Row[], round: number): Preview {
  const [shown, show] = useState(NOTHING);
  const asker = useRef<ReturnType<typeof startAsking>>(null);
  useEffect(() => {
    asker.current = startAsking(show);
    return () => asker.current?.stop();
  }, []);
  useEffect(() => {
    if (printer !== null) asker.current?.want({ id, printer, rows, round });
  }, [id, printer, rows, round]);
  return shown;
}

function startAsking(show: (change: (now: Preview) => Preview) => void) {
  let wanted: Wanted | null = null;
  let timer = 0;
  let asking = false;
  let stopped = false;

  const later = (ms: number) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void draw(), ms);
  };

  const draw = async () => {
    const what = wanted;
    if (asking || what === null) return;
    asking = true;
    show((now) => ({ ...now, busy: true }));
    const answer = await asked(what);
    asking = false;
    if (stopped) return;
    const current = wanted === what;
    show((now) => ({
      // A refusal has no picture: the one before stays.
      picture: answer.picture ?? now.picture,
      current: current && answer.picture !== undefined,
      busy: !current,
      mistakes: answer.mistakes,
      lost: answer.lost === true,
    }));
    if (!current) later(0);
    else if (answer.lost) later(RETRY_MS);
  };

  return {
    want(next: Wanted) {
      // The first is drawn at once.
      const pause = wanted === null ? 0 : PAUSE_MS;
      // A picture of another layout is not an older one of this.
      if (wanted?.id !== next.id) show(() => NOTHING);
      else show((now) => ({ ...now, current: false, busy: true }));
      wanted = next;
      later(pause);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

interface Answer {
  picture?: string;
  mistakes: readonly Mistake[];
  lost?: boolean;
}

async function asked({ id, printer, rows }: Wanted): Promise<Answer> {
  try {
    return { picture: await dataUrl(await previewLayout(id, printer, elementsOf(rows))), mistakes: [] };
  } catch (error) {
    if (error instanceof Refusal) return { mistakes: mistakesOf(error.problem, rows) };
    if (error instanceof NoAnswer) return { mistakes: [], lost: true };
    throw error;
  }
}
