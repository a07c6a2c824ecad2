// What a printer needs a person for, and how it stands in one word. Pure.
import type { Printer } from "../api/types";
import { t, word } from "../i18n";
import type { Tone } from "../ui/orders";

/** Each of these stops it until somebody comes. */
export type Trouble = "off" | "cover_open" | "paper_end" | "cutter_error" | "offline";

export function troubles({ link, online, cover, paper, cutter }: Printer): Trouble[] {
  // What is known of a printer that can't be reached is what was true when it still could.
  if (link === "down") return ["off"];
  const found: Trouble[] = [];
  if (cover === "open") found.push("cover_open");
  if (paper === "end") found.push("paper_end");
  if (cutter === "error") found.push("cutter_error");
  if (online === false && found.length === 0) found.push("offline");
  return found;
}

export const nearEnd = (printer: Printer) => printer.link !== "down" && printer.paper === "near_end";

export type Standing = Trouble | "near_end" | "busy" | "ready" | "unknown";

/** The weightiest thing to say of a printer. */
export function standing(printer: Printer): Standing {
  const [worst] = troubles(printer);
  if (worst) return worst;
  if (printer.link === "busy") return "busy";
  if (nearEnd(printer)) return "near_end";
  return printer.link === "up" ? "ready" : "unknown";
}

const TONES: Record<Standing, Tone> = {
  off: "bad",
  cover_open: "bad",
  paper_end: "bad",
  cutter_error: "bad",
  offline: "bad",
  busy: "warn",
  near_end: "warn",
  ready: "ok",
  unknown: "none",
};

export const toneOf = (printer: Printer): Tone => TONES[standing(printer)];

export function standingText(printer: Printer): string {
  const found = troubles(printer);
  return found.length > 0 ? troubleText(found) : word("printer.standing", standing(printer));
}

/** "Paper end, cover open". */
export function troubleText(found: Trouble[]): string {
  const [first = "", ...rest] = found.map((trouble) => word("printer.standing", trouble));
  return [first, ...rest.map(lowered)].join(", ");
}

export const lowered = (text: string) => text.slice(0, 1).toLocaleLowerCase() + text.slice(1);

/** Everything that prints for a station, or would when that one can't. */
export const servesStation = ({ stations, backs }: Printer, station: string) =>
  station === "" ? stations.length + backs.length > 0 : stations.includes(station) || backs.includes(station);

/** Those that need somebody first; the others keep the box's order. */
export function worstFirst(printers: readonly Printer[]): Printer[] {
  const weight = (printer: Printer) => (troubles(printer).length > 0 ? 2 : 0) + (printer.held > 0 ? 1 : 0);
  return [...printers].sort((a, b) => weight(b) - weight(a));
}

/** With which word a printer is told apart where there may be several. */
export const printerName = (name: string) => t("printer.name", { name });
