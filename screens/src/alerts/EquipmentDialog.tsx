// Name, probe and next maintenance of a piece of equipment; with none, a new one.
import { useEffect, useState } from "preact/hooks";
import { changeEquipment } from "../api/safety";
import type { Equipment, EquipmentPatch, Probe } from "../api/types";
import { uuidv7 } from "../api/uuid";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write, writes } from "../state/write";
import { Dialog } from "../ui/Dialog";
import { dayAt, dayBegins } from "../ui/format";
import { Trouble } from "../ui/Trouble";

const NAME_LIMIT = 100;

export interface EquipmentDialogProps {
  piece: Equipment | null;
  probes: readonly Probe[];
  onDone: () => void;
  onClose: () => void;
}

interface Draft {
  name: string;
  probeId: string | null;
  /** A calendar day at the place, or nothing. */
  due: string;
}

const draftOf = (piece: Equipment | null): Draft => ({
  name: piece?.name ?? "",
  probeId: piece?.probeId ?? null,
  due: piece?.nextMaintenance == null ? "" : dayAt(Date.parse(piece.nextMaintenance)),
});

export function EquipmentDialog({ piece, probes, onDone, onClose }: EquipmentDialogProps) {
  const [id] = useState(() => piece?.id ?? uuidv7());
  const [before] = useState(() => draftOf(piece));
  const [draft, setDraft] = useState(before);
  const subject = `equipment:edit:${id}`;
  const busy = useWrite(subject)?.state === "sending";
  const patch = patchOf(before, draft);
  useEffect(() => {
    // What was refused last time is not what is asked now.
    if (writes.get().get(subject)?.state === "refused") forget(subject);
  }, [subject]);
  const change = (change: Partial<Draft>) => {
    // Another change is another command: it must not go under the key of the one before.
    if (!busy) forget(subject);
    setDraft({ ...draft, ...change });
  };
  const save = async () => {
    if (!patch) return;
    if (await write(subject, (key) => changeEquipment(id, patch, key))) onDone();
  };
  const choices = probes.filter((probe) => !probe.retired || probe.id === draft.probeId);
  return (
    <Dialog
      title={piece ? t("equipment.edit", { name: piece.name }) : t("equipment.new")}
      onClose={onClose}
      foot={
        <button type="button" class="primary big" disabled={busy || !patch} aria-busy={busy} data-testid="save-equipment" onClick={() => void save()}>
          {t(busy ? "edit.saving" : "edit.save")}
        </button>
      }
    >
      <label class="field">
        <span>{t("unit.name")}</span>
        <input value={draft.name} maxLength={NAME_LIMIT} readOnly={busy} data-testid="equipment-name" onInput={(event) => change({ name: event.currentTarget.value })} />
      </label>
      <div class="field" role="radiogroup" aria-label={t("equipment.probe")}>
        <span>{t("equipment.probe")}</span>
        <div class="choices">
          <button type="button" role="radio" aria-checked={draft.probeId === null} disabled={busy} onClick={() => change({ probeId: null })}>
            {t("equipment.noProbe")}
          </button>
          {choices.map((probe) => (
            <button key={probe.id} type="button" role="radio" aria-checked={draft.probeId === probe.id} disabled={busy} onClick={() => change({ probeId: probe.id })}>
              {probe.name}
            </button>
          ))}
        </div>
      </div>
      <label class="field">
        <span>{t("equipment.next")}</span>
        <input type="date" value={draft.due} readOnly={busy} data-testid="equipment-due" onInput={(event) => change({ due: event.currentTarget.value })} />
      </label>
      <Trouble subject={subject} testId="equipment-dialog-trouble" />
    </Dialog>
  );
}

/** What was changed; nothing if nothing was, or if it has no name. */
function patchOf(before: Draft, { name, probeId, due }: Draft): EquipmentPatch | undefined {
  if (name.trim() === "") return undefined;
  const patch: EquipmentPatch = {
    ...(name.trim() !== before.name && { name: name.trim() }),
    ...(probeId !== before.probeId && { probeId }),
    ...(due !== before.due && { nextMaintenance: due === "" ? null : dayBegins(due).toISOString() }),
  };
  return Object.keys(patch).length > 0 ? patch : undefined;
}
