// What a cook does to a ticket. Each touch also silences its bell.
import { stepTicket, type TicketStep } from "../api/calls";
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

export const start = (id: string) => void step(id, "start");
export const bump = (id: string) => void step(id, "complete");
export const recallTicket = (id: string) => void step(id, "recall");
