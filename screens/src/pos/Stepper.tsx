// Minus, a number, plus.
import { t } from "../i18n";
import { Icon } from "../ui/icons";

export interface StepperProps {
  value: number;
  name: string;
  disabled?: boolean;
  onChange: (value: number) => void;
}

export function Stepper({ value, name, disabled, onChange }: StepperProps) {
  return (
    <span class="stepper">
      <button type="button" aria-label={t("pos.fewer", { name })} disabled={disabled || value <= 0} onClick={() => onChange(value - 1)}>
        <Icon name="minus" />
      </button>
      <output>{value}</output>
      <button type="button" aria-label={t("pos.more", { name })} disabled={disabled} onClick={() => onChange(value + 1)}>
        <Icon name="plus" />
      </button>
    </span>
  );
}
