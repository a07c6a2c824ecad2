// The one socket of a page. It connects, says hello, hands frames on, and comes back by itself.
// It knows nothing of what the frames mean.
import type { Problem } from "../api/types";
import { waitBefore } from "./backoff";
import { parseFrame, type Frame, type Namespace } from "./frame";
import { ReadPlace } from "./place";

/** The server beats once a second; a socket that is silent this long is dead, whatever TCP says. */
const SILENCE_MS = 6_000;

export interface LiveOptions {
  token: () => string | null;
  namespaces: readonly Namespace[];
  onFrame: (frame: Frame) => void;
  onOpen: () => void;
  onLost: () => void;
  /** The server said no (token, permission). Returning false gives up. */
  onProblem: (problem: Problem) => boolean;
}

export function openLive(options: LiveOptions): () => void {
  const place = new ReadPlace(options.namespaces);
  let socket: WebSocket | null = null;
  let attempt = 0;
  let closed = false;
  let retry = 0;
  let silence = 0;

  const connect = () => {
    retry = 0;
    const token = options.token();
    if (closed || token === null) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const mine = new WebSocket(`${scheme}://${location.host}/api/v1/live`);
    socket = mine;
    watch();
    mine.onopen = () => {
      const from = place.resumeFrom();
      mine.send(JSON.stringify({ type: "hello", token, subscribe: options.namespaces, from }));
    };
    mine.onmessage = (message) => {
      const frame = typeof message.data === "string" ? parseFrame(message.data) : null;
      if (frame === null || socket !== mine) return;
      if (frame.ns === "live" && frame.type === "error") return refused(frame.data as Problem);
      if (attempt > 0) attempt = 0;
      options.onOpen();
      watch();
      place.note(frame);
      options.onFrame(frame);
    };
    mine.onclose = () => {
      if (socket === mine) comeBack();
    };
  };

  const refused = (problem: Problem) => {
    if (options.onProblem(problem)) return;
    stop();
  };

  const watch = () => {
    clearTimeout(silence);
    silence = window.setTimeout(comeBack, SILENCE_MS);
  };

  const comeBack = () => {
    clearTimeout(silence);
    const dead = socket;
    socket = null;
    dead?.close();
    if (closed || retry !== 0) return;
    options.onLost();
    retry = window.setTimeout(connect, waitBefore(attempt++));
  };

  // A tablet that wakes up or finds the network again need not sit out its wait.
  const hurry = () => {
    if (retry === 0 || document.hidden) return;
    clearTimeout(retry);
    connect();
  };

  const stop = () => {
    closed = true;
    clearTimeout(retry);
    clearTimeout(silence);
    window.removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", hurry);
    socket?.close();
    socket = null;
  };

  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  connect();
  return stop;
}
