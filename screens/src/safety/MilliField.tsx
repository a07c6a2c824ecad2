// A temperature as somebody reads it off a thermometer: a large field in the scale of its limit, with a button for the
// sign, which the number pads of telephones lack.
import { t } from "../i18n";
import { decimal, parseDecimal } from "../ui/format";
import { toMilliC, type Scale } from "./plan";

export interface MilliFieldProps {
  label: string;
  scale: Scale;
  text: string;
  onInput: (text: string) => void;
  testId?: string;
  hint?: string;
  /** What the limit says of it, once there is a value. */
  verdict?: boolean;
}

/** What was typed in thousandths of a degree Celsius; undefined when it is no number. */
export function milliOf(text: string, scale: Scale): number | undefined {
  const milli = parseDecimal(text, 3);
  return milli === undefined ? undefined : toMilliC(milli, scale);
}

/** As somebody types it: with the fewest decimals that mean the same. */
export function milliText(milliC: number, scale: Scale): string {
  const milli = scale === "C" ? milliC : Math.round((milliC * 9) / 5) + 32_000;
  const inSteps = (digits: number) => Math.round(milli / 10 ** (3 - digits));
  const digits = [0, 1, 2].find((digits) => toMilliC(inSteps(digits) * 10 ** (3 - digits), scale) === milliC) ?? 3;
  return decimal(inSteps(digits), digits);
}

export function MilliField({ label, scale, text, onInput, testId, hint, verdict }: MilliFieldProps) {
  const negative = /^\s*[-−]/.test(text);
  const flip = () => onInput(negative ? text.replace(/^\s*[-−]\s*/, "") : `-${text.trim()}`);
  return (
    <div class="field milli-field">
      <span>{label}</span>
      <span class={verdict === undefined ? "milli-input" : `milli-input ${verdict ? "within" : "beyond"}`}>
        <button type="button" aria-label={t("milli.sign")} onClick={flip}>
          ±
        </button>
        <input aria-label={label} inputMode="decimal" value={text} data-testid={testId} autocomplete="off" onInput={(event) => onInput(event.currentTarget.value)} />
        <i>°{scale}</i>
      </span>
      {hint && <small>{hint}</small>}
      {verdict !== undefined && <em class={verdict ? "state ok" : "state bad"}>{t(verdict ? "check.within" : "check.beyond")}</em>}
    </div>
  );
}
