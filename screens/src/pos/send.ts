// Sending the draft: make the order, then send it to the kitchen; two commands, each with its own key.
import { createOrder, sendToKitchen, setOrderStatus } from "../api/calls";
import { NoAnswer, Refusal } from "../api/client";
import type { Order, SentToKitchen } from "../api/types";
import { learnOrder, learnTicket } from "../live/learn";
import { picture } from "../live/live";
import { createStore } from "../state/store";
import { write } from "../state/write";
import { bodyOf, draft, newDraft } from "./draft";

/** The order that went out last, with the server's figures, until the next one is begun. */
export const lastSent = createStore<Order | null>(null);

export async function sendDraft(): Promise<void> {
  const now = draft.get();
  // Read and written in one go, before any await: the second of two taps finds it "sending".
  if (now.phase === "sending" || now.lines.length === 0) return;
  draft.set({ ...now, phase: "sending", message: "" });
  try {
    const orderId = now.createdId ?? (await create(now.orderKey));
    const sent = await sendToKitchen(orderId, now.sendKey);
    learnSent(sent);
    lastSent.set(sent.order);
    draft.set(newDraft(now.orderType));
  } catch (error) {
    if (error instanceof Refusal) draft.update((kept) => ({ ...kept, phase: "refused", message: error.message }));
    else if (error instanceof NoAnswer) draft.update((kept) => ({ ...kept, phase: "unanswered" }));
    else throw error;
  }
}

async function create(key: string): Promise<string> {
  const order = await createOrder(bodyOf(draft.get()), key);
  learnOrder(order);
  draft.update((kept) => ({ ...kept, createdId: order.id }));
  return order.id;
}

function learnSent(sent: SentToKitchen): void {
  learnOrder(sent.order);
  const known = picture.get().tickets;
  for (const ticket of sent.tickets) if (!known.has(ticket.id)) learnTicket(ticket, undefined);
}

/** For an order that was made but never sent, as after a lost connection. */
export async function sendLater(orderId: string): Promise<void> {
  const sent = await write(`send:${orderId}`, (key) => sendToKitchen(orderId, key));
  if (sent) learnSent(sent);
}

export async function markServed(orderId: string): Promise<void> {
  const order = await write(`serve:${orderId}`, (key) => setOrderStatus(orderId, "completed", key));
  if (order) learnOrder(order);
}
