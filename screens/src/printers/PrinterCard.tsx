// One printer as a card: how it is in large words, each of its parts, what waits, whom it prints for.
import type { Printer } from "../api/types";
import { t, tn } from "../i18n";
import { span } from "../ui/format";
import { Icon } from "../ui/icons";
import { useNow } from "../ui/useNow";
import { partsOf } from "./parts";
import { useStationNames } from "./stations";
import { standing, standingText, toneOf } from "./trouble";

interface PrinterCardProps {
  printer: Printer;
  selected: boolean;
  onChoose: () => void;
}

export function PrinterCard({ printer, selected, onChoose }: PrinterCardProps) {
  const tone = toneOf(printer);
  return (
    <li>
      <button
        type="button"
        class={`printer-card ${tone}`}
        aria-pressed={selected}
        data-testid={`printer-${printer.name}`}
        data-state={standing(printer)}
        onClick={onChoose}
      >
        <span class="printer-name">
          <Icon name="printer" />
          {printer.name}
          <small>{printer.profile}</small>
        </span>
        <span class="printer-word">{standingText(printer)}</span>
        <span class="printer-parts">
          {partsOf(printer).map((part) => (
            <span key={part.name} class="printer-part">
              <small>{part.name}</small>
              <span class={`state ${part.tone}`}>{part.text}</span>
            </span>
          ))}
        </span>
        <Waiting printer={printer} />
        <Stations printer={printer} />
      </button>
    </li>
  );
}

function Waiting({ printer: { waiting, held, oldestAt } }: { printer: Printer }) {
  const now = useNow();
  if (waiting === 0 && held === 0) return <span class="printer-line">{t("printer.nothingWaits")}</span>;
  const age = oldestAt === null ? "" : ` · ${t("printer.oldest", { span: span(now - Date.parse(oldestAt)) })}`;
  return (
    <span class="printer-line">
      {waiting > 0 && (
        <strong>
          {tn("printer.wait", waiting)}
          {age}
        </strong>
      )}
      {held > 0 && <span class="state bad">{tn("printer.heldBack", held)}</span>}
    </span>
  );
}

function Stations({ printer: { stations, backs } }: { printer: Printer }) {
  const names = useStationNames();
  return (
    <span class="printer-line soft">
      {stations.length > 0 ? names(stations) : t("printer.noStation")}
      {backs.length > 0 && ` · ${t("printer.backs", { stations: names(backs) })}`}
    </span>
  );
}
