// All printers at a glance, and beside them the one that is looked at: what it is, what waits for it, what can be
// done. Below, what else was found that could print.
import { useMemo } from "preact/hooks";
import { mayOne } from "../api/session";
import { t } from "../i18n";
import { picture } from "../live/live";
import { chooseFragment, fragment } from "../state/fragment";
import { useStore } from "../state/store";
import { Icon } from "../ui/icons";
import { Found } from "./Found";
import { MAY_SET_UP } from "./permissions";
import { PrinterCard } from "./PrinterCard";
import { PrinterPanel } from "./PrinterPanel";
import { worstFirst } from "./trouble";

export function PrintersPage() {
  const printers = useStore(picture, (now) => now.printers);
  const known = useStore(picture, (now) => now.known.has("kitchen"));
  const chosen = useStore(fragment);
  // Until somebody chooses, the one that needs somebody; it stays when another begins to.
  const first = useMemo(() => worstFirst(printers)[0]?.name, [printers.length]);
  const open = printers.find(({ name }) => name === chosen) ?? printers.find(({ name }) => name === first);
  return (
    <main class="printers">
      <div class="printers-side">
        {printers.length > 0 ? (
          <ul class="printer-cards">
            {printers.map((printer) => (
              <PrinterCard
                key={printer.name}
                printer={printer}
                selected={printer === open}
                onChoose={() => chooseFragment(printer.name)}
              />
            ))}
          </ul>
        ) : (
          <p class="empty">
            <Icon name={known ? "printer" : "clock"} />
            {t(known ? "printers.none" : "loading")}
          </p>
        )}
        {known && mayOne(MAY_SET_UP) && <Found />}
      </div>
      {open && <PrinterPanel key={open.name} printer={open} printers={printers} />}
    </main>
  );
}
