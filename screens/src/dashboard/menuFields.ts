// A menu item's fields as a conflict gives them: by the names of the log, with values as text.
import type { MenuPatch } from "../api/types";
import { t } from "../i18n";
import { money } from "../ui/format";

export function fieldName(field: string): string {
  if (field === "price") return t("dash.price");
  return field === "is_available" ? t("dash.availability") : field.replaceAll("_", " ");
}

export function fieldText(value: string, field: string): string {
  if (field === "price") return money(Number(value));
  return field === "is_available" ? t(value === "true" ? "dash.available" : "pos.soldOut") : value;
}

/** What must be saved for a value to hold; null for a field that can't be settled here. */
export function fieldPatch(field: string, value: string): MenuPatch | null {
  switch (field) {
    case "price":
      return { price: Number(value) };
    case "is_available":
      return { isAvailable: value === "true" };
    case "name":
    case "description":
    case "category":
      return { [field]: value };
    case "preparation_minutes":
      return { preparationTime: Number(value) };
    case "dietary_info":
      return { dietaryInfo: value.split("\n").filter(Boolean) };
    default:
      return null;
  }
}
