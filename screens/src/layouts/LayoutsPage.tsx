// How papers look: which layout, its elements from the top down, and the paper as a printer would print it.
import { useEffect, useState } from "preact/hooks";
import type { LayoutId } from "../api/types";
import { t, word } from "../i18n";
import { picture } from "../live/live";
import { chooseFragment, fragment } from "../state/fragment";
import { useStore } from "../state/store";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/icons";
import { ElementList } from "./ElementList";
import { anyChanged, layouts, loadLayouts, type Editing } from "./layouts";
import { useLeaveGuard } from "./leave";
import { LogoDialog } from "./LogoDialog";
import { usePreview } from "./preview";
import { PreviewPane } from "./PreviewPane";
import { SaveBar } from "./SaveBar";

export function LayoutsPage() {
  const { all, message, lost } = useStore(layouts);
  const chosen = useStore(fragment);
  useEffect(() => void loadLayouts(), []);
  // Whoever may not have them sees none, not even those of the person before.
  if (message !== null || all === null || all.size === 0) {
    return (
      <main>
        <p class="empty">
          <Icon name="layout" />
          {message ?? t(all ? "layouts.none" : lost ? "login.unreachable" : "loading")}
        </p>
      </main>
    );
  }
  const open = (chosen !== null && all.get(chosen as LayoutId)) || [...all.values()][0]!;
  return (
    <main class="layouts">
      <Leaving />
      <Editor all={all} editing={open} />
    </main>
  );
}

interface EditorProps {
  all: ReadonlyMap<LayoutId, Editing>;
  editing: Editing;
}

function Editor({ all, editing }: EditorProps) {
  const { layout, rows } = editing;
  const printers = useStore(picture, (now) => now.printers);
  const [wanted, choosePrinter] = useState<string | null>(null);
  const [opened, openRow] = useState<string | null>(null);
  const [logo, setLogo] = useState(false);
  /** How often the logo was changed: the same elements look different then. */
  const [round, setRound] = useState(0);
  // Labels go to a printer of labels, where there is one.
  const label = layout.id.endsWith("_label");
  const usual = printers.find(({ language }) => (language === "zpl") === label) ?? printers[0];
  const printer = (printers.find(({ name }) => name === wanted) ?? usual)?.name ?? null;
  const preview = usePreview(layout.id, printer, rows, round);
  const mistakes = preview.mistakes.length > 0 ? preview.mistakes : editing.mistakes;
  const place = rows.findIndex(({ key }) => key === opened);
  return (
    <>
      <div class="layout-head">
        <LayoutTabs all={all} open={editing} />
        <SaveBar key={layout.id} editing={editing} onLogo={() => setLogo(true)} />
      </div>
      <div class="layout-work">
        <ElementList key={layout.id} layout={layout} rows={rows} mistakes={mistakes} open={opened} onOpen={openRow} />
        <PreviewPane
          preview={preview}
          mistakes={mistakes}
          printers={printers}
          printer={printer}
          onChoose={choosePrinter}
          lookAt={place < 0 ? null : place / Math.max(1, rows.length - 1)}
        />
      </div>
      {logo && <LogoDialog onChanged={() => setRound((now) => now + 1)} onClose={() => setLogo(false)} />}
    </>
  );
}

function LayoutTabs({ all, open }: { all: EditorProps["all"]; open: Editing }) {
  return (
    <nav class="layout-tabs" aria-label={t("page.layouts")}>
      {[...all.values()].map(({ layout, changed }) => (
        <button
          key={layout.id}
          type="button"
          aria-current={layout.id === open.layout.id ? "page" : undefined}
          data-testid={`layout-${layout.id}`}
          onClick={() => chooseFragment(layout.id)}
        >
          {word("layout", layout.id)}
          <small>{t(changed ? "layouts.unsaved" : layout.isDefault ? "layouts.isDefault" : "layouts.isOwn")}</small>
        </button>
      ))}
    </nav>
  );
}

function Leaving() {
  useStore(layouts);
  const { to, stay, leave } = useLeaveGuard(anyChanged());
  if (to === null) return null;
  return (
    <Dialog
      title={t("layouts.leaveTitle")}
      onClose={stay}
      foot={
        <>
          <button type="button" class="big" data-testid="leave-anyway" onClick={leave}>
            {t("layouts.leave")}
          </button>
          <button type="button" class="primary big" data-testid="leave-stay" onClick={stay}>
            {t("layouts.stay")}
          </button>
        </>
      }
    >
      <p>{t("layouts.leaveMore")}</p>
    </Dialog>
  );
}
