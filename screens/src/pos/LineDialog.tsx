// One line of the order: how many or how heavy, which modifiers, a note for the cook.
import { useState } from "preact/hooks";
import type { MenuItem, Modifier } from "../api/types";
import { t } from "../i18n";
import { Dialog } from "../ui/Dialog";
import { money } from "../ui/format";
import { Icon } from "../ui/icons";
import { Stepper } from "../ui/Stepper";
import { lineEstimate, putLine, type DraftLine } from "./draft";
import { lastSent } from "./send";
import { Weigh } from "./Weigh";

export interface LineDialogProps {
  item: MenuItem | undefined;
  line: DraftLine;
  onClose: () => void;
}

export function LineDialog({ item, line: given, onClose }: LineDialogProps) {
  const [line, setLine] = useState(given);
  const chosen = (modifier: Modifier) => line.modifiers.some(({ id }) => id === modifier.id);
  const toggle = (modifier: Modifier) =>
    setLine({
      ...line,
      modifiers: chosen(modifier)
        ? line.modifiers.filter(({ id }) => id !== modifier.id)
        : [...line.modifiers, modifier],
    });
  const done = () => {
    lastSent.set(null);
    putLine(line);
    onClose();
  };

  return (
    <Dialog
      title={line.name}
      onClose={onClose}
      foot={
        <button type="button" class="primary big" data-testid="line-done" onClick={done}>
          {line.quantity > 0 ? `${t("pos.lineDone")} · ${money(lineEstimate(line))}` : t("pos.lineRemove")}
        </button>
      }
    >
      {item?.description && <p class="soft">{item.description}</p>}
      {item && item.modifiers.length > 0 && (
        <div class="modifiers" role="group" aria-label={t("pos.options")}>
          {item.modifiers.map((modifier) => (
            <button
              key={modifier.id}
              type="button"
              role="checkbox"
              aria-checked={chosen(modifier)}
              data-testid={`modifier-${modifier.id}`}
              onClick={() => toggle(modifier)}
            >
              <span class="tick">{chosen(modifier) && <Icon name="check" />}</span>
              <span class="modifier-name">{modifier.name}</span>
              {modifier.price !== 0 && <span class="modifier-price">{signedMoney(modifier.price)}</span>}
            </button>
          ))}
        </div>
      )}
      <label class="field">
        <span>{t("pos.lineNote")}</span>
        <textarea
          rows={2}
          maxLength={200}
          value={line.note}
          placeholder={t("pos.lineNoteHint")}
          data-testid="line-note"
          onInput={(event) => setLine({ ...line, note: event.currentTarget.value })}
        />
      </label>
      {!line.weighed && (
        <div class="dialog-row">
          <span>{t("pos.quantity")}</span>
          <Stepper value={line.quantity} name={line.name} onChange={(quantity) => setLine({ ...line, quantity })} />
        </div>
      )}
      <Weigh line={line} onChange={setLine} />
    </Dialog>
  );
}

const signedMoney = (minor: number) => (minor > 0 ? `+${money(minor)}` : `−${money(-minor)}`);
