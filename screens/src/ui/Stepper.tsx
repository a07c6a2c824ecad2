// Minus, a number, plus.
import { t } from "../i18n";
import { Icon } from "./icons";

export interface StepperProps {
  value: number;
  name: string;
  disabled?: boolean;
  min?: number;
  max?: number;
  step?: number;
  onChange: (value: number) => void;
}

export function Stepper({ value, name, disabled, min = 0, max = Infinity, step = 1, onChange }: StepperProps) {
  const change = (by: number) => onChange(Math.min(max, Math.max(min, value + by)));
  return (
    <span class="stepper">
      <button type="button" aria-label={t("fewer", { name })} disabled={disabled || value <= min} onClick={() => change(-step)}>
        <Icon name="minus" />
      </button>
      <output>{value}</output>
      <button type="button" aria-label={t("more", { name })} disabled={disabled || value >= max} onClick={() => change(step)}>
        <Icon name="plus" />
      </button>
    </span>
  );
}
