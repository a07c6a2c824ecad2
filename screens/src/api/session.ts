// Who is logged in on this screen. The token is kept over a reload and shared by the pages of this browser.
import { keep, recall } from "../state/keep";
import { createStore } from "../state/store";
import type { LoginAnswer, Person } from "./types";

export interface Session {
  token: string;
  expiresAt: number;
  person: Person;
}

function stored(): Session | null {
  const session = recall<Session>("session");
  return session && session.expiresAt > Date.now() ? session : null;
}

export const session = createStore<Session | null>(stored());

session.subscribe(() => keep("session", session.get()));

let ending = 0;

/** The screen goes back to the login by itself when the token ends, not at the next tap that fails. */
function watchEnd(): void {
  clearTimeout(ending);
  const now = session.get();
  if (now === null) return;
  const leftMs = now.expiresAt - Date.now();
  if (leftMs <= 0) end();
  else ending = window.setTimeout(watchEnd, leftMs);
}

session.subscribe(watchEnd);
// A tablet that slept has slept through its timers.
document.addEventListener("visibilitychange", watchEnd);
watchEnd();

export function begin(answer: LoginAnswer): void {
  session.set({
    token: answer.accessToken,
    expiresAt: Date.now() + answer.expiresIn * 1000,
    person: answer.person,
  });
}

export function end(): void {
  session.set(null);
}

/** Only hides what the server would refuse; the server decides. */
export function may(permission: string): boolean {
  return session.get()?.person.permissions.includes(permission) ?? false;
}

export const mayOne = (permissions: readonly string[]): boolean => permissions.some(may);
