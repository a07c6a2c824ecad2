// The page's live picture: the socket's frames gathered and folded once per animation frame.
import { end, session } from "../api/session";
import type { Problem } from "../api/types";
import { createStore } from "../state/store";
import type { Frame, Heartbeat, Namespace } from "./frame";
import { emptyPicture, fold, type Picture } from "./picture";
import { beat, watchPulse } from "./pulse";
import { openLive } from "./socket";

export type Connection = "connecting" | "live" | "lost";

export const picture = createStore<Picture>(emptyPicture);
export const connection = createStore<Connection>("connecting");
export const timeQuality = createStore<string | null>(null);
/** Why the server won't let this screen listen, in its words. */
export const liveProblem = createStore<Problem | null>(null);

/** A hidden tab gets no animation frames; it folds at this pace instead. */
const HIDDEN_PACE_MS = 250;

export interface Wants {
  needs: readonly Namespace[];
  /** Shown when permitted, done without when not. */
  likes: readonly Namespace[];
}

export function startLive(wants: Wants): () => void {
  const stopPulse = watchPulse();
  picture.set(emptyPicture);
  connection.set("connecting");
  liveProblem.set(null);
  const gathered = gatherer();
  let stopped = false;
  let stopSocket = listen([...wants.needs, ...wants.likes]);

  function listen(namespaces: Namespace[]): () => void {
    return openLive({
      token: () => session.get()?.token ?? null,
      namespaces,
      onOpen: () => connection.set("live"),
      onLost: () => connection.set("lost"),
      onFrame: (frame) => {
        if (frame.type === "heartbeat") return heard(frame.data as Heartbeat);
        beat();
        gathered.add(frame);
      },
      onProblem: (problem) => {
        if (problem.status === 401) end();
        else if (problem.status === 403 && namespaces.length > wants.needs.length) {
          // The socket that was refused is stopped by this answer; the next asks for less.
          setTimeout(() => {
            if (!stopped) stopSocket = listen([...wants.needs]);
          });
        } else liveProblem.set(problem);
        return false;
      },
    });
  }

  return () => {
    stopped = true;
    stopSocket();
    stopPulse();
    gathered.stop();
  };
}

function heard(heartbeat: Heartbeat): void {
  beat(heartbeat.now);
  timeQuality.set(heartbeat.timeQuality);
}

function gatherer() {
  let frames: Frame[] = [];
  let onScreen = 0;
  let hidden = 0;
  const flush = () => {
    cancelAnimationFrame(onScreen);
    clearTimeout(hidden);
    onScreen = hidden = 0;
    const batch = frames;
    frames = [];
    picture.update((now) => fold(now, batch));
  };
  return {
    add(frame: Frame) {
      frames.push(frame);
      if (hidden !== 0) return;
      onScreen = requestAnimationFrame(flush);
      hidden = window.setTimeout(flush, HIDDEN_PACE_MS);
    },
    stop() {
      cancelAnimationFrame(onScreen);
      clearTimeout(hidden);
    },
  };
}
