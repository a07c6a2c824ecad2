// How numbers are printed. Money and temperatures are integers from the wire to the eye: no floats.
import { locale } from "../i18n";
import { settings } from "../state/settings";

const DAY_MS = 86_400_000;

/** An integer with `digits` decimals, as text with a dot: (1250, 2) is "12.50". */
export function decimal(units: number, digits: number): `${number}` {
  const sign = units < 0 ? "-" : "";
  const text = String(Math.abs(Math.trunc(units))).padStart(digits + 1, "0");
  const cut = text.length - digits;
  return `${sign}${text.slice(0, cut)}${digits > 0 ? "." : ""}${text.slice(cut)}` as `${number}`;
}

/** How much of something: pieces, or kilograms of what was weighed. */
export const amount = ({ quantity, quantityMilli }: { quantity: number; quantityMilli: number }) =>
  quantityMilli === quantity * 1_000 ? String(quantity) : `${decimal(quantityMilli, 3)} kg`;

export function money(minor: number): string {
  const { currency, currencyDigits } = settings.get() ?? { currency: "EUR", currencyDigits: 2 };
  return new Intl.NumberFormat(locale(), {
    style: "currency",
    currency,
    minimumFractionDigits: currencyDigits,
    maximumFractionDigits: currencyDigits,
  }).format(decimal(minor, currencyDigits));
}

/** What a person typed ("12", "12,5", "12.50") as an integer with `digits` decimals. */
export function parseDecimal(text: string, digits: number): number | undefined {
  const match = /^\s*([-−]?)(\d{1,9})(?:[.,](\d*))?\s*$/.exec(text);
  if (!match) return undefined;
  const fraction = match[3] ?? "";
  if (fraction.length > digits) return undefined;
  const units = Number(match[2]! + fraction.padEnd(digits, "0"));
  return match[1] ? -units : units;
}

const zoned = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale(), { timeZone: settings.get()?.timeZone ?? "UTC", hourCycle: "h23", ...options });

/** The hour and minute at the place, e.g. "14:02". */
export function clock(at: string | number): string {
  return zoned({ hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** "14:02" today, "12 May 14:02" else. */
export function moment(at: string, now: number): string {
  const day = zoned({ day: "numeric", month: "short" });
  const same = day.format(new Date(at)) === day.format(new Date(now));
  return same ? clock(at) : `${day.format(new Date(at))} ${clock(at)}`;
}

/** "12 May 2026". */
export const date = (at: string): string => zoned({ day: "numeric", month: "short", year: "numeric" }).format(new Date(at));

/** "12 May", with the year if it is another than now's. */
export function day(at: string): string {
  const year = (moment: Date) => zoned({ year: "numeric" }).format(moment);
  const same = year(new Date(at)) === year(new Date());
  return zoned({ day: "numeric", month: "short", ...(same ? {} : { year: "numeric" }) }).format(new Date(at));
}

/** How far the place's wall clock is ahead of UTC, in milliseconds. */
function ahead(ms: number): number {
  const timeZone = settings.get()?.timeZone ?? "UTC";
  const wall = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(ms);
  return Date.parse(`${wall.replace(" ", "T")}Z`) - Math.floor(ms / 1000) * 1000;
}

/** The calendar day at the place, as a field for dates has it: "2026-05-12". */
export const dayAt = (ms: number): string => new Date(ms + ahead(ms)).toISOString().slice(0, 10);

/** So many calendar days later; as it is if it is no day. */
export function dayLater(day: string, days: number): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? day : new Date(at + days * DAY_MS).toISOString().slice(0, 10);
}

/** When a calendar day begins at the place; also one whose midnight a change of clocks leaves out or repeats. */
export function dayBegins(day: string): Date {
  const utc = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(utc)) return new Date(NaN);
  const begins = [utc - DAY_MS, utc + DAY_MS].map((near) => utc - ahead(near)).filter((ms) => dayAt(ms) === day);
  return new Date(Math.min(...begins));
}

/** A length of time in its largest unit: "12 s", "4 min", "3 h 05 min", "2 d". */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d`;
}

/** A running clock: "4:07", "1:04:07". */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size.toLocaleString(locale(), { maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0 })} ${units[unit]}`;
}
