// Every call of the API that the screens make, one line each.
import { ask, askPicture } from "./client";
import type {
  Alert,
  AlertList,
  AlertRouting,
  BoxStatus,
  FoundList,
  History,
  LayoutElement,
  LayoutId,
  LayoutList,
  LoginAnswer,
  MenuItem,
  MenuPatch,
  NewOrder,
  NotificationList,
  Order,
  OrderList,
  PrintJobList,
  Probe,
  ProbePatch,
  QueuedJob,
  RoutingPatch,
  ScaleList,
  SentToKitchen,
  Settings,
  TestSheet,
  Ticket,
  WantedLabel,
} from "./types";
import { uuidv7 } from "./uuid";

const at = (id: string) => encodeURIComponent(id);

export const login = (login: string, password: string) =>
  ask<LoginAnswer>("/auth/login", { method: "POST", body: { login, password }, key: uuidv7(), proves: "password" });

/** The next person at a screen where somebody is logged in. */
export const loginByPin = (login: string, pin: string) =>
  ask<LoginAnswer>("/auth/pin", { method: "POST", body: { login, pin }, key: uuidv7(), proves: "pin" });

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

export const printReceipt = (orderId: string, key: string) =>
  ask<QueuedJob>(`/pos/orders/${at(orderId)}/receipt/print`, { method: "POST", key });

export const mailReceipt = (orderId: string, email: string, key: string) =>
  ask<unknown>(`/pos/orders/${at(orderId)}/receipt/email`, { method: "POST", body: { email }, key });

/** Of one printer, or of all. */
export const printJobs = (printer?: string) => ask<PrintJobList>(`/print-jobs${printer === undefined ? "" : `?printer=${at(printer)}`}`);

export const jobPicture = (id: string) => askPicture(`/print-jobs/${at(id)}/picture`);

/** A ticket's print job has the ticket's id. */
export const releasePaper = (id: string, key: string) =>
  ask<unknown>(`/print-jobs/${at(id)}/release`, { method: "POST", key });

export interface JobStep {
  step: "release" | "cancel" | "move" | "reprint";
  reason: string;
  /** Where a job is moved to. */
  printer?: string;
}

export const stepJob = (id: string, { step, ...body }: JobStep, key: string) =>
  ask<unknown>(`/print-jobs/${at(id)}/${step}`, { method: "POST", body, key });

export const printTest = (printer: string, sheet: TestSheet, key: string) =>
  ask<QueuedJob>(`/printing/printers/${at(printer)}/test`, { method: "POST", body: { sheet }, key });

interface Opening {
  id: string;
  state: string;
}

/** The box answers before the printer does: what became of it is asked for until it is known. */
export async function openDrawer(printer: string, reason: string, key: string): Promise<Opening> {
  let opening = await ask<Opening>(`/printing/drawers/${at(printer)}/open`, { method: "POST", body: { reason }, key });
  for (let tries = 0; tries < DRAWER_TRIES && UNDECIDED.includes(opening.state); tries++) {
    await new Promise((resume) => setTimeout(resume, DRAWER_EVERY_MS));
    opening = await ask<Opening>(`/printing/drawers/openings/${at(opening.id)}`);
  }
  return opening;
}

const UNDECIDED = ["wanted", "firing"];
const DRAWER_TRIES = 30;
const DRAWER_EVERY_MS = 200;

/** Lines are listened to and the network is asked, which takes its time. */
const LOOKING_MS = 30_000;

export const foundDevices = () => ask<FoundList>("/printing/found", { timeoutMs: LOOKING_MS });

export const layouts = () => ask<LayoutList>("/printing/layouts");

export const saveLayout = (id: LayoutId, elements: LayoutElement[], key: string) =>
  ask<unknown>(`/printing/layouts/${id}`, { method: "PUT", body: { elements }, key });

export const resetLayout = (id: LayoutId, key: string) => ask<unknown>(`/printing/layouts/${id}`, { method: "DELETE", key });

/** The paper exactly as that printer would print it. */
export const previewLayout = (id: LayoutId, printer: string, elements: LayoutElement[]) =>
  askPicture(`/printing/layouts/${id}/preview?printer=${at(printer)}`, { method: "POST", body: { elements } });

export const logo = () => askPicture("/printing/logo");

export const saveLogo = (png: Blob, key: string) => ask<unknown>("/printing/logo", { method: "PUT", body: png, key });

export const removeLogo = (key: string) => ask<unknown>("/printing/logo", { method: "DELETE", key });

export const changeProbe = (id: string, patch: ProbePatch, key: string) =>
  ask<Probe>(`/haccp/probes/${at(id)}`, { method: "PUT", body: patch, key });

/** `step`: minutes to a point. */
export const probeHistory = (id: string, from: Date, to: Date, step: number) =>
  ask<History>(`/haccp/probes/${at(id)}/history?from=${at(from.toISOString())}&to=${at(to.toISOString())}&step=${step}`);

export const alerts = (limit: number) => ask<AlertList>(`/alerts?limit=${limit}`);

export const acknowledgeAlert = (id: string, comment: string, key: string) =>
  ask<Alert>(`/alerts/${at(id)}/acknowledge`, { method: "POST", body: comment === "" ? {} : { comment }, key });

export const shelveAlert = (id: string, until: Date, why: string, key: string) =>
  ask<Alert>(`/alerts/${at(id)}/shelve`, { method: "POST", body: { until: until.toISOString(), why }, key });

export const unshelveAlert = (id: string, key: string) => ask<Alert>(`/alerts/${at(id)}/unshelve`, { method: "POST", key });

export const closeAlert = (id: string, comment: string, key: string) =>
  ask<Alert>(`/alerts/${at(id)}/close`, { method: "POST", body: { comment }, key });

export const alertRouting = () => ask<AlertRouting>("/alerts/routing");

export const changeRouting = (change: RoutingPatch, key: string) =>
  ask<AlertRouting>("/alerts/routing", { method: "PUT", body: change, key });

export const notifications = () => ask<NotificationList>("/notifications?unread=true");

export const readNotifications = (ids: string[], key: string) =>
  ask<unknown>("/notifications/read", { method: "POST", body: { ids }, key });

export const scales = () => ask<ScaleList>("/scales");

export const printLabels = (label: WantedLabel, key: string) => ask<QueuedJob>("/labels", { method: "POST", body: label, key });

export const boxStatus = () => ask<BoxStatus>("/box/status");
