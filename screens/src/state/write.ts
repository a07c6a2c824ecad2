// A write in flight. The same subject is never written twice at once (a double tap is one request), and
// a write that got no answer keeps its key, so that trying again cannot do it twice.
import { NoAnswer, Refusal } from "../api/client";
import { uuidv7 } from "../api/uuid";
import { createStore } from "./store";

export interface Write {
  key: string;
  state: "sending" | "unanswered" | "refused";
  /** The server's words, when refused. */
  message: string;
}

export const writes = createStore<ReadonlyMap<string, Write>>(new Map());

/** Does `send` once for `subject`. Resolves to undefined when it is under way already, refused or unanswered. */
export async function write<T>(subject: string, send: (key: string) => Promise<T>): Promise<T | undefined> {
  const earlier = writes.get().get(subject);
  if (earlier?.state === "sending") return undefined;
  const key = earlier?.state === "unanswered" ? earlier.key : uuidv7();
  note(subject, { key, state: "sending", message: "" });
  try {
    const answer = await send(key);
    note(subject, null);
    return answer;
  } catch (error) {
    if (error instanceof Refusal) note(subject, { key, state: "refused", message: error.message });
    else if (error instanceof NoAnswer) note(subject, { key, state: "unanswered", message: "" });
    else throw error;
    return undefined;
  }
}

export function forget(subject: string): void {
  note(subject, null);
}

function note(subject: string, next: Write | null): void {
  writes.update((now) => {
    const map = new Map(now);
    if (next === null) map.delete(subject);
    else map.set(subject, next);
    return map;
  });
}
