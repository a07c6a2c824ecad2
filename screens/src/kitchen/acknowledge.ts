// Which new tickets nobody has touched yet. They ring until someone does. Kept over a reload, so that
// a restarted screen still rings for what came while it was away.
import { picture } from "../live/live";
import { keep, recall } from "../state/keep";
import { createStore } from "../state/store";
import { station } from "./station";
import { onBoard } from "./tickets";

const seen = new Set<string>(recall<string[]>("kitchen.seen") ?? []);

export const unseen = createStore<ReadonlySet<string>>(new Set());

export function acknowledge(ids: Iterable<string>): void {
  for (const id of ids) seen.add(id);
  look();
}

function look(): void {
  const { tickets, known } = picture.get();
  if (known.has("kitchen")) forgetGone(tickets);
  const waiting = onBoard(tickets, station.get())
    .filter((ticket) => ticket.status === "received" && !seen.has(ticket.id))
    .map((ticket) => ticket.id);
  unseen.update((now) =>
    now.size === waiting.length && waiting.every((id) => now.has(id)) ? now : new Set(waiting),
  );
}

/** What has left the board need not be remembered: the set is never larger than the board. */
function forgetGone(tickets: ReadonlyMap<string, unknown>): void {
  for (const id of seen) if (!tickets.has(id)) seen.delete(id);
  keep("kitchen.seen", [...seen]);
}

picture.subscribe(look);
station.subscribe(look);
