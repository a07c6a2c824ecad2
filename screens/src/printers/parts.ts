// A printer's parts, each in a word. What it has not told is "unknown", never "OK".
import type { Printer } from "../api/types";
import { t, word, type TextKey } from "../i18n";
import type { Tone } from "../ui/orders";

export interface Part {
  name: string;
  text: string;
  tone: Tone;
}

type PartName = "link" | "paper" | "cover" | "cutter" | "drawer";

const PARTS: PartName[] = ["link", "paper", "cover", "cutter", "drawer"];

/** The rest is `none`: nobody knows. */
const TONES: Record<PartName, Record<string, Tone>> = {
  link: { up: "ok", busy: "warn", down: "bad" },
  paper: { ok: "ok", near_end: "warn", end: "bad" },
  cover: { closed: "ok", open: "bad" },
  cutter: { ok: "ok", error: "bad" },
  // A drawer may stand open: somebody is at the till.
  drawer: { closed: "ok", open: "accent" },
};

export const partsOf = (printer: Printer): Part[] =>
  PARTS.map((part) => ({
    name: t(`part.${part}` satisfies TextKey),
    text: word(`part.${part}`, printer[part]),
    tone: TONES[part][printer[part]] ?? "none",
  }));
