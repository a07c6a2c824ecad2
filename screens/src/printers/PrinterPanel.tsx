// The printer that is looked at: what it is, what can be tried on it, and its queue.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { printTest } from "../api/calls";
import { mayOne } from "../api/session";
import type { Printer, TestSheet } from "../api/types";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { span } from "../ui/format";
import { Icon } from "../ui/icons";
import { Trouble } from "../ui/Trouble";
import { useNow } from "../ui/useNow";
import { DrawerDialog, mayHaveDrawer } from "./DrawerDialog";
import { MAY_OPEN_DRAWERS, MAY_TEST } from "./permissions";
import { Queue, useQueue } from "./Queue";
import { useStationNames } from "./stations";
import { standingText, toneOf } from "./trouble";

const LANGUAGES: Record<Printer["language"], string> = { escpos: "ESC/POS", star: "Star", zpl: "ZPL" };

export function PrinterPanel({ printer, printers }: { printer: Printer; printers: readonly Printer[] }) {
  const queue = useQueue(printer);
  return (
    <section class="printer-panel" aria-label={printer.name}>
      <header>
        <h2>{printer.name}</h2>
        <span class={`state ${toneOf(printer)}`}>{standingText(printer)}</span>
      </header>
      {printer.detail && (
        <p class={`printer-detail ${toneOf(printer)}`} data-testid="printer-detail">
          {printer.detail}
        </p>
      )}
      <Facts printer={printer} />
      <Actions printer={printer} onDone={queue.again} />
      <Queue queue={queue} printer={printer} printers={printers} />
    </section>
  );
}

function Facts({ printer }: { printer: Printer }) {
  const names = useStationNames();
  const now = useNow();
  const { lastHeard, identity, stations, backs } = printer;
  return (
    <dl class="facts">
      <Fact name={t("printer.address")}>
        <code>{printer.address}</code>
      </Fact>
      <Fact name={t("printer.kind")}>
        {printer.profile} · {LANGUAGES[printer.language] ?? printer.language}
        {identity && ` · ${identity}`}
      </Fact>
      <Fact name={t("printer.printsFor")}>{stations.length > 0 ? names(stations) : "–"}</Fact>
      {backs.length > 0 && <Fact name={t("printer.backupFor")}>{names(backs)}</Fact>}
      <Fact name={t("printer.says")}>{t(printer.confirms ? "printer.confirms" : "printer.confirmsNot")}</Fact>
      <Fact name={t("status.lastHeard")}>
        {lastHeard === null ? t("status.never") : t("ago", { span: span(now - Date.parse(lastHeard)) })}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const SHEETS: TestSheet[] = ["test", "alignment", "code_pages"];

function Actions({ printer, onDone }: { printer: Printer; onDone: () => void }) {
  const [drawer, setDrawer] = useState(false);
  const mayDrawer = mayOne(MAY_OPEN_DRAWERS) && mayHaveDrawer(printer);
  const mayTest = mayOne(MAY_TEST);
  if (!mayTest && !mayDrawer) return null;
  return (
    <>
      <div class="printer-actions">
        {mayTest && SHEETS.map((sheet) => <TestButton key={sheet} printer={printer.name} sheet={sheet} onDone={onDone} />)}
        {mayDrawer && (
          <button type="button" data-testid="open-drawer" onClick={() => setDrawer(true)}>
            <Icon name="drawer" />
            {t("drawer.open")}
          </button>
        )}
      </div>
      {mayTest && SHEETS.map((sheet) => <Trouble key={sheet} subject={subjectOf(printer.name, sheet)} />)}
      {drawer && <DrawerDialog printers={[printer]} onClose={() => setDrawer(false)} />}
    </>
  );
}

const subjectOf = (printer: string, sheet: TestSheet) => `test:${printer}:${sheet}`;

function TestButton({ printer, sheet, onDone }: { printer: string; sheet: TestSheet; onDone: () => void }) {
  const subject = subjectOf(printer, sheet);
  const busy = useWrite(subject)?.state === "sending";
  const print = async () => {
    if (await write(subject, (key) => printTest(printer, sheet, key))) onDone();
  };
  return (
    <button type="button" disabled={busy} data-testid={`sheet-${sheet}`} onClick={() => void print()}>
      <Icon name="printer" />
      {t(`sheet.${sheet}`)}
    </button>
  );
}
