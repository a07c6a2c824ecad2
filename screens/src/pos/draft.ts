// The order being built. It survives a reload, and it is dropped only after the box has answered.
//
// The keys are made with the draft, not with the tap: however often it is sent, it is one order. A draft that
// was sent without an answer may already be an order, so it can be sent again but not changed.
import type { MenuItem, Modifier, NewOrder, OrderType } from "../api/types";
import { uuidv7 } from "../api/uuid";
import { keep, recall } from "../state/keep";
import { createStore } from "../state/store";

export interface DraftLine {
  id: string;
  menuItemId: string;
  name: string;
  unitPrice: number;
  quantity: number;
  modifiers: Modifier[];
  note: string;
  /** Sold by weight: the box reads it from this scale as it takes the order. The grams are those of the last look. */
  weighed?: { scale: string; grams: number };
}

export interface Draft {
  orderKey: string;
  sendKey: string;
  orderType: OrderType;
  tableNumber: string;
  note: string;
  lines: DraftLine[];
  phase: "building" | "sending" | "unanswered" | "refused";
  /** The server's words, when refused. */
  message: string;
  /** Set once the box has made the order; what remains is sending it to the kitchen. */
  createdId: string | null;
}

export function newDraft(orderType: OrderType = "dine_in"): Draft {
  return {
    orderKey: uuidv7(),
    sendKey: uuidv7(),
    orderType,
    tableNumber: "",
    note: "",
    lines: [],
    phase: "building",
    message: "",
    createdId: null,
  };
}

function stored(): Draft {
  const draft = recall<Draft>("pos.draft");
  if (draft === null) return newDraft();
  return draft.phase === "sending" ? { ...draft, phase: "unanswered" } : draft;
}

export const draft = createStore<Draft>(stored());
draft.subscribe(() => keep("pos.draft", draft.get()));

export const isLocked = (now: Draft) =>
  now.phase === "sending" || now.phase === "unanswered" || now.createdId !== null;

/** Every change of a draft goes through here. A refused draft that is changed is another command: a new key. */
function change(edit: (now: Draft) => Partial<Draft>): void {
  draft.update((now) => {
    if (isLocked(now)) return now;
    const renewed = now.phase === "refused" ? { orderKey: uuidv7(), phase: "building" as const, message: "" } : {};
    return { ...now, ...renewed, ...edit(now) };
  });
}

export const setOrderType = (orderType: OrderType) => change(() => ({ orderType }));
export const setTable = (tableNumber: string) => change(() => ({ tableNumber }));
export const setNote = (note: string) => change(() => ({ note }));
export const clearDraft = () => draft.update((now) => newDraft(now.orderType));

const isPlain = (line: DraftLine) => line.modifiers.length === 0 && line.note === "" && !line.weighed;

/** Another line of this draft that is weighed with this scale: a pan holds the goods of one line. */
export const weighedBy = ({ lines }: Draft, scale: string, besides: string): DraftLine | undefined =>
  lines.find(({ id, weighed }) => id !== besides && weighed?.scale === scale);

export function lineOf(item: MenuItem): DraftLine {
  return {
    id: uuidv7(),
    menuItemId: item.id,
    name: item.name,
    unitPrice: item.price,
    quantity: 1,
    modifiers: [],
    note: "",
  };
}

/** One more of an item: onto its plain line, or as a new line. */
export function addItem(item: MenuItem): void {
  change(({ lines }) => {
    const same = lines.find((line) => line.menuItemId === item.id && isPlain(line));
    if (!same) return { lines: [...lines, lineOf(item)] };
    return { lines: lines.map((line) => (line === same ? { ...line, quantity: line.quantity + 1 } : line)) };
  });
}

/** Puts a line in place of the one with its id, or at the end; a quantity of nought takes it out. */
export function putLine(line: DraftLine): void {
  change(({ lines }) => {
    if (line.quantity <= 0) return { lines: lines.filter((other) => other.id !== line.id) };
    if (!lines.some((other) => other.id === line.id)) return { lines: [...lines, line] };
    return { lines: lines.map((other) => (other.id === line.id ? line : other)) };
  });
}

export function lineEstimate(line: DraftLine): number {
  const price = line.modifiers.reduce((sum, modifier) => sum + modifier.price, line.unitPrice);
  return line.weighed ? Math.round((line.weighed.grams * price) / 1_000) : line.quantity * price;
}

export const estimate = ({ lines }: Draft) => lines.reduce((sum, line) => sum + lineEstimate(line), 0);

export const countOf = ({ lines }: Draft) => lines.reduce((sum, line) => sum + line.quantity, 0);

export function bodyOf(now: Draft): NewOrder {
  return {
    orderType: now.orderType,
    items: now.lines.map((line) => ({
      menuItemId: line.menuItemId,
      ...(line.weighed ? { scale: line.weighed.scale } : { quantity: line.quantity }),
      ...(line.modifiers.length > 0 && { modifications: line.modifiers.map((modifier) => modifier.id) }),
      ...(line.note.trim() && { specialInstructions: line.note.trim() }),
    })),
    ...(now.tableNumber.trim() && { tableNumber: now.tableNumber.trim() }),
    ...(now.note.trim() && { specialInstructions: now.note.trim() }),
  };
}
