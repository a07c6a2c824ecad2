// What the screens make of alerts: which are open, in what order, and in what words. The server decides who sees which.
import type { Alert, AlertParameter } from "../api/types";
import { t, word, type TextKey } from "../i18n";
import { en } from "../i18n/en";
import { date } from "../ui/format";
import { exactDegrees } from "../ui/temperature";

export const MAY_ACKNOWLEDGE = "alerts.acknowledge";
export const MAY_MANAGE = "alerts.manage";

const SEVERITIES = ["critical", "high", "warn"];

export type Tone = "bad" | "warn" | "hint" | "none";

export const toneOf = ({ severity, state }: Alert): Tone => {
  if (isQuiet(state) || state === "closed") return "none";
  return severity === "critical" ? "bad" : severity === "high" ? "warn" : "hint";
};

const isQuiet = (state: string) => state === "shelved" || state === "suppressed" || state === "out_of_service";

/** Nobody has said yet that they saw it. */
export const isUnseen = ({ state }: Alert) => state === "active_unacknowledged" || state === "returned_unacknowledged";

export const isSerious = ({ severity }: Alert) => severity !== "warn";

/** What sounds on a screen: a serious condition that goes on and that nobody has seen, or that just happened. */
export const isLoud = (alert: Alert) =>
  alert.state === "active_unacknowledged" ? isSerious(alert) : isUnseen(alert) && alert.severity === "critical";

/** The worst first, of two alike the newer. */
export function worstFirst(alerts: Iterable<Alert>): Alert[] {
  const rank = (alert: Alert) => (isUnseen(alert) ? 0 : isQuiet(alert.state) ? 20 : 10) + SEVERITIES.indexOf(alert.severity);
  return [...alerts].sort((a, b) => rank(a) - rank(b) || b.activatedAt.localeCompare(a.activatedAt));
}

/** In the words of this screen's language; in the server's where this screen does not know them. */
export function textOf(alert: Alert): string {
  const key = `alert.${alert.words}`;
  if (!(key in en)) return alert.message;
  const values = Object.entries(alert.parameters).map(([name, parameter]) => [name, valueOf(parameter)]);
  const who = alert.aboutName ?? t("alert.unknownLogin");
  return t(key as TextKey, { ...Object.fromEntries(values), who });
}

function valueOf({ kind, value }: AlertParameter): string {
  if (kind === "temperature") return `${exactDegrees(Number(value))} °C`;
  if (kind === "time") return date(String(value));
  return kind === "word" ? word("alertWord", String(value)) : String(value);
}
