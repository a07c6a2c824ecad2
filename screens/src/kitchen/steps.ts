// What a cook does to a ticket. Each touch also silences its bell.
import { releasePaper, stepTicket, type TicketStep } from "../api/calls";
import { learnTicket } from "../live/learn";
import { picture } from "../live/live";
import { write } from "../state/write";
import { acknowledge } from "./acknowledge";

async function step(id: string, what: TicketStep): Promise<void> {
  acknowledge([id]);
  const before = picture.get().tickets.get(id);
  const ticket = await write(`${what}:${id}`, (key) => stepTicket(id, what, key));
  if (ticket) learnTicket(ticket, before);
}

/** Lets paper go that was held back; the frame that follows says what became of it. */
export function printHeld(id: string): void {
  acknowledge([id]);
  void write(`print:${id}`, (key) => releasePaper(id, key));
}

export const start = (id: string) => void step(id, "start");
export const bump = (id: string) => void step(id, "complete");
export const recallTicket = (id: string) => void step(id, "recall");
