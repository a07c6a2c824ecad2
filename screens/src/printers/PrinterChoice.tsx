// A printer among several, each with how it stands.
import type { Printer } from "../api/types";
import { standingText, toneOf } from "./trouble";

interface PrinterChoiceProps {
  label: string;
  printers: readonly Printer[];
  chosen: string | null;
  onChoose: (name: string) => void;
}

export function PrinterChoice({ label, printers, chosen, onChoose }: PrinterChoiceProps) {
  return (
    <div class="field">
      <span>{label}</span>
      <div class="choices" role="radiogroup" aria-label={label}>
        {printers.map((printer) => (
          <button
            key={printer.name}
            type="button"
            role="radio"
            aria-checked={printer.name === chosen}
            data-testid={`choose-${printer.name}`}
            onClick={() => onChoose(printer.name)}
          >
            <strong>{printer.name}</strong>
            <span class={`state ${toneOf(printer)}`}>{standingText(printer)}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
