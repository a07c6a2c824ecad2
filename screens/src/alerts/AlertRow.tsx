import type { Alert } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { moment } from "../ui/format";
import { textOf, toneOf } from "./alerts";

interface AlertRowProps {
  alert: Alert;
  isNew: boolean;
  selected: boolean;
  onChoose: (id: string) => void;
}

export function AlertRow({ alert, isNew, selected, onChoose }: AlertRowProps) {
  return (
    <li>
      <button
        type="button"
        class={`alert-row ${toneOf(alert)}`}
        aria-pressed={selected}
        data-testid={`row-${alert.id}`}
        data-state={alert.state}
        onClick={() => onChoose(alert.id)}
      >
        <span class="alert-severity">{word("severity", alert.severity)}</span>
        <span class="alert-words">
          <strong>{textOf(alert)}</strong>
          <small>
            {word("category", alert.category)} · {moment(alert.activatedAt, boxNow())}
            {alert.times > 1 && ` · ${t("alert.times", { n: alert.times })}`}
            {alert.place && ` · ${alert.place}`}
          </small>
        </span>
        <span class="alert-state">
          {word("alertState", alert.state)}
          {isNew && <em>{t("alert.new")}</em>}
        </span>
      </button>
    </li>
  );
}
