// The picture that the screens show, folded from frames. Pure: frames in, a new picture out, and whatever
// a frame did not touch stays the same object, so that only changed cards render again.
import type { Alert, Breach, MenuItem, Order, Printer, Probe, Sensor, Station, Ticket } from "../api/types";
import type { Frame, Namespace } from "./frame";

export interface Picture {
  /** The namespaces whose snapshot has come. */
  known: ReadonlySet<Namespace>;
  stations: readonly Station[];
  /** In the box's order. */
  printers: readonly Printer[];
  tickets: ReadonlyMap<string, Ticket>;
  orders: ReadonlyMap<string, Order>;
  menu: ReadonlyMap<string, MenuItem>;
  probes: ReadonlyMap<string, Probe>;
  breaches: ReadonlyMap<string, Breach>;
  /** Those that are not closed, of the categories that this person sees. */
  alerts: ReadonlyMap<string, Alert>;
  /** Those of our own firmware that have changed since the whole picture came: newer than any list. */
  sensors: ReadonlyMap<string, Sensor>;
  /** How often each list of food safety has changed: whoever shows one asks for it again. */
  safety: Readonly<Record<SafetyList, number>>;
}

export const SAFETY_LISTS = ["plan", "check", "cooling", "timer", "calibration", "record", "sensor"] as const;
export type SafetyList = (typeof SAFETY_LISTS)[number];

export const emptyPicture: Picture = {
  known: new Set(),
  stations: [],
  printers: [],
  tickets: new Map(),
  orders: new Map(),
  menu: new Map(),
  probes: new Map(),
  breaches: new Map(),
  alerts: new Map(),
  sensors: new Map(),
  safety: { plan: 0, check: 0, cooling: 0, timer: 0, calibration: 0, record: 0, sensor: 0 },
};

/** Closed orders stay for the eye, at most this many of all. */
const ORDERS_LIMIT = 400;

export function fold(picture: Picture, frames: readonly Frame[]): Picture {
  return frames.reduce(foldOne, picture);
}

function foldOne(picture: Picture, frame: Frame): Picture {
  switch (frame.type) {
    case "kitchen:status": {
      const { orders, stations, printers } = frame.data as { orders: Ticket[]; stations?: Station[]; printers?: Printer[] };
      const whole = { stations: stations ?? picture.stations, printers: printers ?? picture.printers };
      return seen({ ...picture, ...whole, tickets: byId(orders) }, "kitchen");
    }
    case "kitchen:order:updated":
    case "pos:order:kitchen_update":
      return withTicket(picture, frame.data as Ticket);
    case "pos:status": {
      const { orders, menu, printers } = frame.data as { orders: Order[]; menu: MenuItem[]; printers?: Printer[] };
      const whole = { menu: byId(menu.filter(isSold)), printers: printers ?? picture.printers };
      return seen({ ...picture, ...whole, orders: withClosed(picture.orders, orders) }, "pos");
    }
    case "pos:order:updated":
      return withOrder(picture, frame.data as Order);
    case "pos:menu:updated":
      return withMenuItem(picture, frame.data as MenuItem);
    case "printing:status":
      return { ...picture, printers: (frame.data as { printers: Printer[] }).printers };
    case "admin:status": {
      const { probes } = frame.data as { probes: Probe[] };
      return seen({ ...stirred(picture, SAFETY_LISTS), probes: byId(probes), sensors: new Map() }, "admin");
    }
    case "haccp:sensor:updated":
      return { ...picture, sensors: put(picture.sensors, frame.data as Sensor) };
    case "haccp:plan:approved":
    case "haccp:check:updated":
    case "haccp:cooling:updated":
    case "haccp:timer:updated":
    case "haccp:calibration:updated":
    case "haccp:record:updated":
      return stirred(picture, [frame.type.split(":")[1] as SafetyList]);
    case "haccp:probe:updated":
      return withProbe(picture, frame.data as Probe);
    case "notifications:status":
      return withNotifications(picture, frame.data as { breaches: Breach[]; alerts: Alert[] });
    case "notifications:breach:opened":
      return { ...picture, breaches: put(picture.breaches, frame.data as Breach) };
    case "notifications:breach:closed":
      return { ...picture, breaches: without(picture.breaches, (frame.data as Breach).id) };
    case "notifications:alert:raised":
    case "notifications:alert:changed":
    case "notifications:alert:closed":
      return withAlert(picture, frame.data as Alert);
    default:
      return picture;
  }
}

function stirred(picture: Picture, lists: readonly SafetyList[]): Picture {
  const counts = lists.map((list) => [list, picture.safety[list] + 1]);
  return { ...picture, safety: { ...picture.safety, ...Object.fromEntries(counts) } };
}

export function withTicket(picture: Picture, ticket: Ticket): Picture {
  const gone = ticket.status === "served" || ticket.status === "cancelled";
  return { ...picture, tickets: gone ? without(picture.tickets, ticket.id) : put(picture.tickets, ticket) };
}

export function withOrder(picture: Picture, order: Order): Picture {
  return { ...picture, orders: bounded(put(picture.orders, order)) };
}

export function withMenuItem(picture: Picture, item: MenuItem): Picture {
  return { ...picture, menu: isSold(item) ? put(picture.menu, item) : without(picture.menu, item.id) };
}

export function withProbe(picture: Picture, probe: Probe): Picture {
  return { ...picture, probes: put(picture.probes, probe) };
}

export function withAlert(picture: Picture, alert: Alert): Picture {
  const closed = alert.state === "closed";
  return { ...picture, alerts: closed ? without(picture.alerts, alert.id) : put(picture.alerts, alert) };
}

function withNotifications(picture: Picture, { breaches, alerts }: { breaches: Breach[]; alerts: Alert[] }): Picture {
  return seen({ ...picture, breaches: byId(breaches), alerts: byId(alerts) }, "notifications");
}

export const isOpen = (order: Order) => order.status !== "completed" && order.status !== "cancelled";

/** A snapshot tells of all open orders; what this screen knows of closed ones stays. */
function withClosed(known: ReadonlyMap<string, Order>, open: readonly Order[]): ReadonlyMap<string, Order> {
  return new Map([...byId([...known.values()].filter((order) => !isOpen(order))), ...byId(open)]);
}

const isSold = (item: MenuItem) => item.retired !== true;

function bounded(orders: ReadonlyMap<string, Order>): ReadonlyMap<string, Order> {
  if (orders.size <= ORDERS_LIMIT) return orders;
  const oldest = [...orders.values()].find((order) => !isOpen(order));
  return oldest ? without(orders, oldest.id) : orders;
}

function seen(picture: Picture, ns: Namespace): Picture {
  return picture.known.has(ns) ? picture : { ...picture, known: new Set([...picture.known, ns]) };
}

const byId = <T extends { id: string }>(things: readonly T[]) => new Map(things.map((thing) => [thing.id, thing]));

const put = <T extends { id: string }>(map: ReadonlyMap<string, T>, thing: T) => new Map(map).set(thing.id, thing);

function without<T>(map: ReadonlyMap<string, T>, id: string): ReadonlyMap<string, T> {
  if (!map.has(id)) return map;
  const rest = new Map(map);
  rest.delete(id);
  return rest;
}
