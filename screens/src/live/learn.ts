// What the answer to a write teaches, should it come before the frame that says the same. An answer is never
// put over something newer: orders and probes carry a version, a ticket is taken only if no frame came between.
import type { MenuItem, Order, Probe, Ticket } from "../api/types";
import { picture } from "./live";
import { withMenuItem, withOrder, withProbe, withTicket, type Picture } from "./picture";

type Fold<T> = (now: Picture, thing: T) => Picture;

function learner<T extends { id: string; version: number }>(map: (now: Picture) => ReadonlyMap<string, T>, put: Fold<T>) {
  return (thing: T) =>
    picture.update((now) => ((map(now).get(thing.id)?.version ?? -1) <= thing.version ? put(now, thing) : now));
}

export const learnOrder = learner<Order>((now) => now.orders, withOrder);
export const learnMenuItem = learner<MenuItem>((now) => now.menu, withMenuItem);
export const learnProbe = learner<Probe>((now) => now.probes, withProbe);

export function learnTicket(ticket: Ticket, before: Ticket | undefined): void {
  picture.update((now) => (now.tickets.get(ticket.id) === before ? withTicket(now, ticket) : now));
}
