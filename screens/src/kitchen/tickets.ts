// Which tickets are on the board, and how they stand against the clock.
import type { Ticket } from "../api/types";

const atStation = (ticket: Ticket, station: string) => station === "" || ticket.assignedStation === station;

/** Open tickets in the server's order: by priority, then age. */
export function onBoard(tickets: ReadonlyMap<string, Ticket>, station: string): Ticket[] {
  return [...tickets.values()]
    .filter((ticket) => (ticket.status === "received" || ticket.status === "preparing") && atStation(ticket, station))
    .sort((a, b) => b.priority - a.priority || a.receivedAt.localeCompare(b.receivedAt) || a.id.localeCompare(b.id));
}

/** Bumped but not yet served, the last one first: what can be recalled. */
export function bumped(tickets: ReadonlyMap<string, Ticket>, station: string): Ticket[] {
  return [...tickets.values()]
    .filter((ticket) => ticket.status === "ready" && atStation(ticket, station))
    .sort((a, b) => (b.completedAt ?? "").localeCompare(a.completedAt ?? ""));
}

export type Pace = "onTime" | "soon" | "late";

const MINUTE_MS = 60_000;
const SOON_SHARE = 0.7;

export interface Standing {
  pace: Pace;
  elapsedMs: number;
  /** Minutes until due, or minutes late. */
  minutes: number;
}

export function standing(ticket: Ticket, now: number): Standing {
  const elapsedMs = Math.max(0, now - Date.parse(ticket.receivedAt));
  const dueMs = (ticket.estimatedPrepTime ?? 0) * MINUTE_MS;
  // Without an estimate nothing is late: the clock runs, and that is all that is known.
  if (dueMs <= 0) return { pace: "onTime", elapsedMs, minutes: 0 };
  const pace = elapsedMs >= dueMs ? "late" : elapsedMs >= dueMs * SOON_SHARE ? "soon" : "onTime";
  return { pace, elapsedMs, minutes: Math.ceil(Math.abs(dueMs - elapsedMs) / MINUTE_MS) };
}

/** Words that a cook must not overlook. */
export const isAllergy = (text: string) => /allerg/i.test(text);
