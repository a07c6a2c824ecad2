// Every call of the API that the screens make, one line each.
import { ask } from "./client";
import type {
  BoxStatus,
  History,
  LoginAnswer,
  MenuItem,
  MenuPatch,
  NewOrder,
  Order,
  OrderList,
  Probe,
  ProbePatch,
  SentToKitchen,
  Settings,
  Ticket,
} from "./types";
import { uuidv7 } from "./uuid";

const at = (id: string) => encodeURIComponent(id);

export const login = (login: string, password: string) =>
  ask<LoginAnswer>("/auth/login", { method: "POST", body: { login, password }, key: uuidv7(), anonymous: true });

export const settings = () => ask<Settings>("/settings");

export const createOrder = (order: NewOrder, key: string) =>
  ask<Order>("/pos/orders", { method: "POST", body: order, key });

export const sendToKitchen = (orderId: string, key: string) =>
  ask<SentToKitchen>(`/pos/orders/${at(orderId)}/send-to-kitchen`, { method: "POST", key });

export const setOrderStatus = (orderId: string, status: string, key: string) =>
  ask<Order>(`/pos/orders/${at(orderId)}/status`, { method: "PUT", body: { status }, key });

export const latestOrders = (limit: number) => ask<OrderList>(`/pos/orders?limit=${limit}`);

export const changeMenuItem = (id: string, patch: MenuPatch, key: string) =>
  ask<MenuItem>(`/pos/menu/${at(id)}`, { method: "PUT", body: patch, key });

export type TicketStep = "start" | "complete" | "recall";

export const stepTicket = (id: string, step: TicketStep, key: string) =>
  ask<Ticket>(`/kitchen/orders/${at(id)}/${step}`, { method: "POST", key });

/** A ticket's print job has the ticket's id. */
export const releasePaper = (ticketId: string, key: string) =>
  ask<unknown>(`/print-jobs/${at(ticketId)}/release`, { method: "POST", key });

export const changeProbe = (id: string, patch: ProbePatch, key: string) =>
  ask<Probe>(`/haccp/probes/${at(id)}`, { method: "PUT", body: patch, key });

export const probeHistory = (id: string, from: Date, to: Date) =>
  ask<History>(`/haccp/probes/${at(id)}/history?from=${at(from.toISOString())}&to=${at(to.toISOString())}`);

export const boxStatus = () => ask<BoxStatus>("/box/status");
