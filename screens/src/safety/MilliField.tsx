// A temperature as somebody reads it off a thermometer: a large field in the scale of its limit, with a button for the
// sign, which the number pads of telephones lack.
import { t } from "../i18n";
import { parseDecimal } from "../ui/format";
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
