// Digits as big buttons, for fingers; a keyboard's digits do the same. What was typed shows as dots only.
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { Icon } from "./icons";

export const SHORTEST_PIN = 4;
const LONGEST_PIN = 8;
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

interface PinPadProps {
  pin: string;
  busy: boolean;
  ready: boolean;
  onChange: (pin: string) => void;
  onDone: () => void;
}

export function PinPad({ pin, busy, ready, onChange, onDone }: PinPadProps) {
  const press = (digit: string) => !busy && pin.length < LONGEST_PIN && onChange(pin + digit);
  const back = () => !busy && onChange(pin.slice(0, -1));
  const latest = useRef({ press, back, onDone });
  latest.current = { press, back, onDone };
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
      if (/^[0-9]$/.test(event.key)) latest.current.press(event.key);
      else if (event.key === "Backspace") latest.current.back();
      // A focused button has its own Enter.
      else if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement)) latest.current.onDone();
      else return;
      event.stopPropagation();
    };
    // On the way down: wherever the focus is, and although the dialog lets no key out.
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, []);

  const key = (digit: string) => (
    <button key={digit} type="button" disabled={busy} data-testid={`pin-${digit}`} onClick={() => press(digit)}>
      {digit}
    </button>
  );
  return (
    <div class="pin-pad" role="group" aria-label={t("switch.pin")}>
      <output class="pin-dots" aria-label={t("switch.typed", { n: pin.length })}>
        {pin === "" ? <small>{t("switch.pin")}</small> : [...pin].map((_, i) => <i key={i} />)}
      </output>
      <div class="pin-keys">
        {DIGITS.map(key)}
        <button
          type="button"
          class="quiet"
          aria-label={t("switch.back")}
          disabled={busy || pin === ""}
          data-testid="pin-back"
          onClick={back}
        >
          <Icon name="erase" />
        </button>
        {key("0")}
        <button type="button" class="primary" disabled={!ready} aria-busy={busy} data-testid="pin-ok" onClick={onDone}>
          {t("switch.ok")}
        </button>
      </div>
    </div>
  );
}
