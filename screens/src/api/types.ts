// The one place where the code meets the generated API types.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type LoginAnswer = Schemas["LoginAnswer"];
export type Person = Schemas["Person"];
export type Settings = Schemas["Settings"];
export type Station = Schemas["Station"];
export type MenuItem = Schemas["MenuItem"];
export type Modifier = Schemas["Modifier"];
export type FieldConflict = Schemas["FieldConflict"];
export type Order = Schemas["Order"];
export type OrderLine = Schemas["OrderLine"];
export type OrderList = Schemas["OrderList"];
export type Ticket = Schemas["Ticket"];
export type TicketItem = Schemas["TicketItem"];
export type SentToKitchen = Schemas["SentToKitchen"];
export type Probe = Schemas["Probe"];
export type ProbeBreach = Schemas["ProbeBreach"];
export type History = Schemas["History"];
export type HistoryPoint = Schemas["HistoryPoint"];
export type Breach = Schemas["Breach"];
export type BoxStatus = Schemas["BoxStatus"];
export type Problem = Schemas["Problem"];

export type OrderType = "dine_in" | "takeout" | "delivery";

/** The body of `POST /pos/orders`. */
export interface NewOrder {
  orderType: OrderType;
  items: { menuItemId: string; quantity: number; modifications?: string[]; specialInstructions?: string }[];
  tableNumber?: string;
  specialInstructions?: string;
}

/** What the dashboard may change of a menu item: any subset. */
export type MenuPatch = Partial<
  Pick<MenuItem, "name" | "description" | "category" | "price" | "isAvailable" | "preparationTime" | "dietaryInfo">
>;

/** What the dashboard may change of a probe: any subset. */
export interface ProbePatch {
  name?: string;
  minMilliC?: number | null;
  maxMilliC?: number | null;
}
