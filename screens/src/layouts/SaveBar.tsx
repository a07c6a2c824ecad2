// What can be done with the whole layout: save it, give the changes up, go back to how it came, change the logo.
import { useEffect, useState } from "preact/hooks";
import { t, word } from "../i18n";
import { useWrite } from "../state/useWrite";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/icons";
import { Trouble } from "../ui/Trouble";
import { backToDefault, giveUp, resetOf, save, writeOf, type Editing } from "./layouts";

export function SaveBar({ editing: { layout, changed }, onLogo }: { editing: Editing; onLogo: () => void }) {
  const [saved, setSaved] = useState(false);
  const [asking, setAsking] = useState(false);
  const busy = useWrite(writeOf(layout.id))?.state === "sending";
  useEffect(() => {
    if (changed) setSaved(false);
  }, [changed]);
  return (
    <div class="save-bar">
      <button type="button" data-testid="logo" onClick={onLogo}>
        {t("logo.title")}
      </button>
      <button
        type="button"
        disabled={layout.isDefault && !changed}
        data-testid="layout-reset"
        onClick={() => setAsking(true)}
      >
        {t("layouts.reset")}
      </button>
      <button type="button" disabled={!changed || busy} data-testid="layout-undo" onClick={() => giveUp(layout.id)}>
        <Icon name="undo" />
        {t("layouts.giveUp")}
      </button>
      <button
        type="button"
        class="primary"
        disabled={!changed || busy}
        aria-busy={busy}
        data-testid="layout-save"
        onClick={() => void save(layout.id).then(setSaved)}
      >
        {t(busy ? "edit.saving" : saved && !changed ? "edit.saved" : "edit.save")}
      </button>
      <Trouble subject={writeOf(layout.id)} testId="save-trouble" />
      {asking && <ResetDialog id={layout.id} onClose={() => setAsking(false)} />}
    </div>
  );
}

function ResetDialog({ id, onClose }: { id: Editing["layout"]["id"]; onClose: () => void }) {
  const busy = useWrite(resetOf(id))?.state === "sending";
  return (
    <Dialog
      title={t("layouts.resetTitle", { layout: word("layout", id) })}
      onClose={onClose}
      foot={
        <>
          <button type="button" class="big" onClick={onClose}>
            {t("cancel")}
          </button>
          <button
            type="button"
            class="primary big"
            disabled={busy}
            data-testid="reset-sure"
            onClick={() => void backToDefault(id).then((done) => done && onClose())}
          >
            {t(busy ? "sending" : "layouts.resetSure")}
          </button>
        </>
      }
    >
      <p>{t("layouts.resetMore")}</p>
      <Trouble subject={resetOf(id)} />
    </Dialog>
  );
}
