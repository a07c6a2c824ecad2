// Where the tickets stand. Each column is by age, the oldest at the top, and a ticket keeps its column as long
// as it is on the board: a bump moves only what is below it, so that the cook's next tap finds what they saw.
import type { Ticket } from "../api/types";

/** Past this difference between the fullest and the emptiest column, all are placed anew. */
const UNEVEN_PX = 700;

/** A ticket's height before it is drawn; enough to share them out. */
export const heightGuess = (ticket: Ticket) =>
  168 +
  (ticket.status === "received" ? 26 : 0) +
  (ticket.specialInstructions ? 76 : 0) +
  (ticket.recalled ? 44 : 0) +
  (ticket.paper === "held" || ticket.paper === "in_doubt" ? 66 : 0) +
  ticket.items.reduce(
    (sum, item) => sum + 50 + 34 * item.modifications.length + (item.specialInstructions ? 46 : 0),
    0,
  );

export type Columns = Ticket[][];

export function placeTickets(board: readonly Ticket[], count: number, before: Columns): Columns {
  const kept = place(board, count, columnOf(before, count));
  return unevenness(kept) > UNEVEN_PX ? place(board, count, new Map()) : kept;
}

function place(board: readonly Ticket[], count: number, had: ReadonlyMap<string, number>): Columns {
  const columns: Columns = Array.from({ length: count }, () => []);
  // Those that have a column go there first; a new one then sees how full each is.
  for (const ticket of board) {
    const column = had.get(ticket.id);
    if (column !== undefined) columns[column]!.push(ticket);
  }
  for (const ticket of board) {
    if (!had.has(ticket.id)) emptiest(columns).push(ticket);
  }
  return columns;
}

function columnOf(before: Columns, count: number): Map<string, number> {
  if (before.length !== count) return new Map();
  return new Map(before.flatMap((column, i) => column.map((ticket) => [ticket.id, i] as const)));
}

const fullness = (column: Ticket[]) => column.reduce((sum, ticket) => sum + heightGuess(ticket), 0);

const emptiest = (columns: Columns) => columns.reduce((least, column) => (fullness(column) < fullness(least) ? column : least));

function unevenness(columns: Columns): number {
  const sizes = columns.map(fullness);
  return Math.max(...sizes) - Math.min(...sizes);
}
