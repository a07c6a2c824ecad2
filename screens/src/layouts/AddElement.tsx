import type { ElementKind } from "../api/types";
import { t, word } from "../i18n";
import { Dialog } from "../ui/Dialog";
import { ELEMENT_KINDS } from "./elements";

export function AddElement({ onAdd, onClose }: { onAdd: (kind: ElementKind) => void; onClose: () => void }) {
  return (
    <Dialog title={t("layouts.add")} onClose={onClose} wide>
      <ul class="kinds">
        {ELEMENT_KINDS.map((kind) => (
          <li key={kind}>
            <button type="button" data-testid={`add-${kind}`} onClick={() => onAdd(kind)}>
              <strong>{word("element", kind)}</strong>
              <small>{t(`element.${kind}.more`)}</small>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
