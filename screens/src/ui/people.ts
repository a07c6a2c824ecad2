// Who has been at this screen since it was opened, so that the next change of persons needs no typing. It is
// forgotten with the tab: names don't stay behind on a device.
import { createStore } from "../state/store";

export interface KnownPerson {
  login: string;
  name: string;
}

const PLACE = "trivet.people";
const KEPT = 6;

function stored(): KnownPerson[] {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? "[]") as KnownPerson[];
  } catch {
    return [];
  }
}

/** The latest first. */
export const people = createStore<readonly KnownPerson[]>(stored());

export function rememberPerson(login: string, name: string): void {
  people.update((now) => [{ login, name }, ...now.filter((person) => person.login !== login)].slice(0, KEPT));
  try {
    sessionStorage.setItem(PLACE, JSON.stringify(people.get()));
  } catch {
    // Storage is full or refused; the list lives on in memory.
  }
}
