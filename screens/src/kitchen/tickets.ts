// Which tickets are on the board, and how they stand against the clock.
import type { Ticket } from "../api/types";

const atStation = (ticket: Ticket, station: string) => station === "" || ticket.assignedStation === station;

/** Open tickets in the server's order: by priority, then age. */
export function onBoard(tickets: ReadonlyMap<string, Ticket>, station: string): Ticket[] {
  return [...tickets.values()]
    .filter((ticket) => ticket.status !== "ready" && atStation(ticket, station))
    .sort((a, b) => b.priority - a.priority || a.receivedAt.localeCompare(b.receivedAt) || a.id.localeCompare(b.id));
}

/** Bumped but not yet served, the last one first: what can be recalled. */
export function bumped(tickets: ReadonlyMap<string, Ticket>, station: string): Ticket[] {
  return [...tickets.values()]
    .filter((ticket) => ticket.status === "ready" && atStation(ticket, station))
    .sort((a, b) => (b.completedAt ?? "").localeCompare(a.completedAt ?? ""));
}

/** A ticket's paper that is still not out after this long is worth a word. */
const PAPER_SLOW_MS = 15_000;

export type PaperTrouble = "in_doubt" | "held" | "waits";

export function paperTrouble(ticket: Ticket, now: number): PaperTrouble | null {
  if (ticket.paper === "in_doubt" || ticket.paper === "held") return ticket.paper;
  const waiting = ticket.paper === "queued" || ticket.paper === "sending";
  return waiting && now - Date.parse(ticket.receivedAt) > PAPER_SLOW_MS ? "waits" : null;
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

/** Words that a cook must not overlook: the same as on paper. */
export const isAllergy = (text: string) => /allerg|celiac|coeliac|anaphyla|keliak/i.test(text);
