// How orders and tickets are named on every screen.
import type { Order, Ticket } from "../api/types";
import { t, word } from "../i18n";

export type Tone = "ok" | "warn" | "bad" | "none" | "accent" | "plain";

const TONES: Record<string, Tone> = {
  new: "warn",
  pending: "warn",
  confirmed: "accent",
  preparing: "accent",
  ready: "ok",
  completed: "plain",
  cancelled: "none",
};

export interface OrderState {
  tone: Tone;
  text: string;
}

/** To be fetched and served now. What the kitchen has taken back stays "ready" with the server, but is not. */
export const isToServe = (order: Order) => order.status === "ready" && !order.recalled;

/** What an order's card says, the weightiest first. */
export function orderStates(order: Order): [OrderState, ...OrderState[]] {
  const state: OrderState = { tone: TONES[order.status] ?? "plain", text: word("order", order.status) };
  if (!order.recalled) return [state];
  const recalled: OrderState = { tone: "warn", text: t("order.recalled") };
  return order.status === "ready" ? [recalled] : [recalled, state];
}

export function whereOf(it: { tableNumber?: string | null; orderType: string }): string {
  return it.tableNumber ? t("table", { table: it.tableNumber }) : word("type", it.orderType);
}

/** The tax that comes on top, and the tax that the prices hold already: an order has the one or the other. */
export function taxFigures(order: Order): [name: string, amount: number][] {
  const onTop: [string, number] = [t("money.tax"), order.taxAmount];
  const within: [string, number] = [t("money.taxIncluded"), order.taxIncludedAmount];
  if (order.taxIncludedAmount === 0) return [onTop];
  return order.taxAmount === 0 ? [within] : [onTop, within];
}

export function ticketsByOrder(tickets: ReadonlyMap<string, Ticket>): Map<string, Ticket[]> {
  const map = new Map<string, Ticket[]>();
  for (const ticket of tickets.values()) {
    const of = ticket.customerServiceOrderId;
    map.set(of, [...(map.get(of) ?? []), ticket]);
  }
  return map;
}

/** What the waiter must know of an order's paper: that it is held back, or may not have come out. */
export function worstPaper(tickets: Ticket[] | undefined): "held" | "in_doubt" | null {
  if (tickets?.some((ticket) => ticket.paper === "held")) return "held";
  return tickets?.some((ticket) => ticket.paper === "in_doubt") ? "in_doubt" : null;
}
