// The kinds of elements: what each begins as, and which fields it has. A kind that is added here can be edited.
import type { ElementKind, LayoutElement, TextAlign, TextSize } from "../api/types";
import { t, tn, word } from "../i18n";

export type Field =
  | { name: string; type: "text" }
  | { name: string; type: "choice"; of: "size" | "align"; values: readonly string[] }
  | { name: string; type: "flag" }
  | { name: string; type: "count"; min: number; max: number; step: number };

const SIZES: readonly TextSize[] = ["normal", "tall", "large", "huge"];
const ALIGNS: readonly TextAlign[] = ["left", "centre", "right"];

const text = (name: string): Field => ({ name, type: "text" });
const flag = (name: string): Field => ({ name, type: "flag" });
const count = (name: string, min: number, max: number, step = 1): Field => ({ name, type: "count", min, max, step });
const SIZE: Field = { name: "size", type: "choice", of: "size", values: SIZES };
const ALIGN: Field = { name: "align", type: "choice", of: "align", values: ALIGNS };

interface Kind {
  blank: LayoutElement;
  fields: readonly Field[];
}

const kinds: Record<ElementKind, Kind> = {
  text: {
    blank: { kind: "text", text: "", size: "normal", align: "left", bold: false, reversed: false },
    fields: [text("text"), SIZE, ALIGN, flag("bold"), flag("reversed")],
  },
  columns: {
    blank: { kind: "columns", left: "", right: "", size: "normal", bold: false },
    fields: [text("left"), text("right"), SIZE, flag("bold")],
  },
  lines: {
    blank: { kind: "lines", size: "normal", prices: true, modifiers: true, notes: true },
    fields: [SIZE, flag("prices"), flag("modifiers"), flag("notes")],
  },
  notes: { blank: { kind: "notes", size: "large" }, fields: [SIZE] },
  totals: { blank: { kind: "totals" }, fields: [] },
  taxes: { blank: { kind: "taxes" }, fields: [] },
  logo: { blank: { kind: "logo" }, fields: [] },
  qr: { blank: { kind: "qr", data: "", module: 6 }, fields: [text("data"), count("module", 1, 16)] },
  barcode: { blank: { kind: "barcode", data: "", height: 64 }, fields: [text("data"), count("height", 16, 240, 8)] },
  rule: { blank: { kind: "rule" }, fields: [] },
  feed: { blank: { kind: "feed", lines: 1 }, fields: [count("lines", 1, 20)] },
  buzz: { blank: { kind: "buzz" }, fields: [] },
  cut: { blank: { kind: "cut" }, fields: [] },
};

export const ELEMENT_KINDS = Object.keys(kinds) as ElementKind[];

export const blank = (kind: ElementKind): LayoutElement => ({ ...kinds[kind].blank });

/** A kind that this page does not know yet has no fields; it can be moved and taken out. */
export const fieldsOf = (element: LayoutElement): readonly Field[] => kinds[element.kind]?.fields ?? [];

export type FieldValue = string | number | boolean;

export const valueOf = (element: LayoutElement, field: string): FieldValue | undefined =>
  (element as unknown as Record<string, FieldValue | undefined>)[field];

export const withValue = (element: LayoutElement, field: string, value: FieldValue): LayoutElement =>
  ({ ...element, [field]: value }) as LayoutElement;

/** What a closed row says of its element. */
export function summary(element: LayoutElement): string {
  switch (element.kind) {
    case "text":
      return element.text;
    case "columns":
      return `${element.left} … ${element.right}`;
    case "qr":
    case "barcode":
      return element.data;
    case "feed":
      return tn("element.lines", element.lines);
    case "lines": {
      const parts = (["prices", "modifiers", "notes"] as const).filter((part) => element[part]);
      return parts.map((part) => t(`field.${part}`)).join(", ");
    }
    default:
      return "";
  }
}

/** How its text looks, in short: "Large · Bold". */
export function style(element: LayoutElement): string {
  const size = valueOf(element, "size");
  const align = valueOf(element, "align");
  const parts = [
    typeof size === "string" && size !== "normal" && word("size", size),
    typeof align === "string" && align !== "left" && word("align", align),
    valueOf(element, "bold") === true && t("field.bold"),
    valueOf(element, "reversed") === true && t("field.reversed"),
  ];
  return parts.filter(Boolean).join(" · ");
}
