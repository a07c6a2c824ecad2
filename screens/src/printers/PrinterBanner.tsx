// Above the page: a printer that a person must go to. Red once tickets wait for it or are held, amber while
// nothing is late yet, and only a quiet line when its paper is near the end.
import type { Printer } from "../api/types";
import { mayOne } from "../api/session";
import { t, tn } from "../i18n";
import { picture } from "../live/live";
import { useStore } from "../state/store";
import { clock } from "../ui/format";
import { Icon } from "../ui/icons";
import { MAY_SEE_PRINTERS } from "./permissions";
import { lowered, nearEnd, printerName, servesStation, troubles, troubleText, worstFirst } from "./trouble";

const SHOWN = 2;

/** For a station, or ("") for all of them; without one, for every printer there is. */
export function PrinterBanner({ station }: { station?: string }) {
  const all = useStore(picture, (now) => now.printers);
  const printers = worstFirst(station === undefined ? all : all.filter((printer) => servesStation(printer, station)));
  const stuck = printers.filter((printer) => printer.held > 0 || troubles(printer).length > 0);
  const near = printers.filter((printer) => nearEnd(printer) && !stuck.includes(printer));
  const late = stuck.some((printer) => printer.waiting > 0 || printer.held > 0);
  return (
    <>
      {stuck.length > 0 && <Line printers={stuck} tone={late ? "bad" : "warn"} text={stuckText} testId="printer-banner" />}
      {near.length > 0 && <Line printers={near} tone="hint" text={nearText} testId="printer-hint" />}
    </>
  );
}

interface LineProps {
  printers: Printer[];
  tone: "bad" | "warn" | "hint";
  text: (printer: Printer) => string;
  testId: string;
}

function Line({ printers, tone, text, testId }: LineProps) {
  const more = printers.length - SHOWN;
  const said = (
    <>
      <Icon name="printer" />
      <span class="banner-list">
        {printers.slice(0, SHOWN).map((printer) => (
          <span key={printer.name}>
            <strong>{text(printer)}</strong>{" "}
            {tone !== "hint" && printer.oldestAt && (
              <span class="banner-more">{t("printer.waitSince", { since: clock(printer.oldestAt) })}</span>
            )}
          </span>
        ))}
        {more > 0 && <span class="banner-more">{t("breach.more", { n: more })}</span>}
      </span>
    </>
  );
  return (
    <div role={tone === "hint" ? "status" : "alert"} data-testid={testId}>
      {mayOne(MAY_SEE_PRINTERS) ? (
        <a class={`banner ${tone}`} href={`${import.meta.env.BASE_URL}printers/#${encodeURIComponent(printers[0]!.name)}`}>
          {said}
        </a>
      ) : (
        <div class={`banner ${tone}`}>{said}</div>
      )}
    </div>
  );
}

/** "Printer hot: paper end, 3 tickets wait". */
function stuckText(printer: Printer): string {
  const found = troubles(printer);
  const parts = [
    ...(found.length > 0 ? [lowered(troubleText(found))] : []),
    ...(printer.waiting > 0 ? [tn("printer.wait", printer.waiting)] : []),
    ...(printer.held > 0 ? [tn("printer.heldBack", printer.held)] : []),
  ];
  return `${printerName(printer.name)}: ${parts.join(", ")}`;
}

const nearText = (printer: Printer) => `${printerName(printer.name)}: ${lowered(t("printer.standing.near_end"))}`;
