// Opening a cash drawer without a sale: at which printer it hangs, and why it is opened.
import { useState } from "preact/hooks";
import { openDrawer } from "../api/calls";
import type { Printer } from "../api/types";
import { t, word } from "../i18n";
import { keep, recall } from "../state/keep";
import { forget } from "../state/write";
import { ReasonDialog } from "../ui/ReasonDialog";
import { PrinterChoice } from "./PrinterChoice";

/** A label printer has no drawer. */
export const mayHaveDrawer = (printer: Printer) => printer.language !== "zpl";

/** What the box answers once the pulse is on its way. */
const DONE = ["sent", "opened", "printed"];

interface DrawerDialogProps {
  /** Those to choose from; one alone is not asked for. */
  printers: readonly Printer[];
  onClose: () => void;
}

export function DrawerDialog({ printers, onClose }: DrawerDialogProps) {
  const [chosen, choose] = useState<string | null>(() => usual(printers));
  const [state, setState] = useState<string | null>(null);
  const subject = `drawer:${chosen}`;
  return (
    <ReasonDialog
      title={t("drawer.open")}
      confirm={t("drawer.open")}
      presets={[t("drawer.change"), t("drawer.count"), t("drawer.cash"), t("drawer.other")]}
      subject={subject}
      ready={chosen !== null}
      send={(reason, key) => openDrawer(chosen!, reason, key)}
      onDone={(answer) => {
        keep("drawer", chosen);
        if (DONE.includes(answer.state)) return onClose();
        setState(answer.state);
      }}
      onClose={onClose}
    >
      {printers.length > 1 && (
        <PrinterChoice
          label={t("drawer.which")}
          printers={printers}
          chosen={chosen}
          onChoose={(name) => {
            forget(subject);
            choose(name);
          }}
        />
      )}
      {state !== null && (
        <p class="message warn" role="alert">
          {t("drawer.notYet", { state: word("jobState", state) })}
        </p>
      )}
    </ReasonDialog>
  );
}

/** The one opened last on this screen; else one that has told of its drawer. */
function usual(printers: readonly Printer[]): string | null {
  const last = recall<string>("drawer");
  const known = printers.find(({ name }) => name === last) ?? printers.find(({ drawer }) => drawer !== "unknown");
  return (known ?? printers[0])?.name ?? null;
}
