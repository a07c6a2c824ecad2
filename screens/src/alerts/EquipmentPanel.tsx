// The pieces of equipment: how warm each is, how hard its compressor works, when it is maintained next, and whether it
// serves. Of one that is out of service alerts are written down, and nobody is called.
import { useState } from "preact/hooks";
import { changeEquipment, equipment as askEquipment, probes as askProbes } from "../api/safety";
import { may } from "../api/session";
import type { Equipment, Probe } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { usePoll } from "../state/poll";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { date, moment } from "../ui/format";
import { Icon } from "../ui/icons";
import { ReasonDialog } from "../ui/ReasonDialog";
import { degrees } from "../ui/temperature";
import { PollTrouble, Trouble } from "../ui/Trouble";
import { MAY_MANAGE } from "./alerts";
import { EquipmentDialog } from "./EquipmentDialog";

const EVERY_MS = 15_000;
const PROBES_EVERY_MS = 60_000;
const TONES: Record<string, string> = { operational: "ok", maintenance_due: "warn", out_of_service: "none" };
const NO_PROBES: readonly Probe[] = [];

export function EquipmentPanel() {
  const list = usePoll(askEquipment, { everyMs: EVERY_MS });
  const units = usePoll(askProbes, { everyMs: PROBES_EVERY_MS });
  const [editing, edit] = useState<Equipment | "new" | null>(null);
  const pieces = list.value?.equipment ?? [];
  const probes = units.value?.probes ?? NO_PROBES;
  return (
    <section class="equipment">
      <header class="equipment-head">
        <h2>{t("equipment.list")}</h2>
        {may(MAY_MANAGE) && (
          <button type="button" data-testid="add-equipment" onClick={() => edit("new")}>
            <Icon name="plus" />
            {t("equipment.new")}
          </button>
        )}
      </header>
      <PollTrouble poll={[list, units]} />
      {list.value === null && !list.lost && !list.refusal && <p class="soft">{t("loading")}</p>}
      {list.value !== null && pieces.length === 0 && <p class="soft">{t("equipment.none")}</p>}
      <ul class="equipment-cards" data-testid="equipment">
        {pieces.map((piece) => (
          <EquipmentCard key={piece.id} piece={piece} probes={units.value === null ? null : probes} onEdit={() => edit(piece)} onChanged={list.again} />
        ))}
      </ul>
      {editing !== null && (
        <EquipmentDialog
          piece={editing === "new" ? null : editing}
          probes={probes}
          onDone={() => {
            edit(null);
            list.again();
          }}
          onClose={() => edit(null)}
        />
      )}
    </section>
  );
}

interface EquipmentCardProps {
  piece: Equipment;
  /** Null until they are known. */
  probes: readonly Probe[] | null;
  onEdit: () => void;
  onChanged: () => void;
}

function EquipmentCard({ piece, probes, onEdit, onChanged }: EquipmentCardProps) {
  const [asking, ask] = useState(false);
  const { id, name, status, outOfService } = piece;
  const subject = `equipment:serve:${id}`;
  const busy = useWrite(subject)?.state === "sending";
  const putBack = async () => {
    if (await write(subject, (key) => changeEquipment(id, { outOfService: null }, key))) onChanged();
  };
  return (
    <li class={`equipment-card ${status}`} data-testid={`equipment-${id}`} data-state={status}>
      <header>
        <strong>{name}</strong>
        <span class={`state ${TONES[status] ?? "none"}`}>{word("equipment", status)}</span>
      </header>
      {outOfService != null && (
        <p class="message warn">
          <span>
            <q>{outOfService}</q> {t("equipment.quiet")}
          </span>
        </p>
      )}
      <dl>
        {factsOf(piece, probes).map(([fact, text]) => (
          <div key={fact}>
            <dt>{fact}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {may(MAY_MANAGE) && (
        <div class="alert-steps">
          <button type="button" class="big" data-testid={`edit-equipment-${id}`} onClick={onEdit}>
            {t("haccp.edit")}
          </button>
          {outOfService == null ? (
            <button type="button" class="big" data-testid={`take-out-${id}`} onClick={() => ask(true)}>
              {t("equipment.takeOut")}
            </button>
          ) : (
            <button type="button" class="primary big" disabled={busy} aria-busy={busy} data-testid={`put-back-${id}`} onClick={() => void putBack()}>
              {t(busy ? "sending" : "equipment.putBack")}
            </button>
          )}
        </div>
      )}
      <Trouble subject={subject} testId={`equipment-trouble-${id}`} />
      {asking && (
        <ReasonDialog
          title={`${t("equipment.takeOut")}: ${name}`}
          confirm={t("equipment.takeOut")}
          presets={[t("alert.why.repair"), t("alert.why.cleaning"), t("alert.why.moving")]}
          subject={`equipment:out:${id}`}
          send={(why, key) => changeEquipment(id, { outOfService: why }, key)}
          onDone={() => {
            ask(false);
            onChanged();
          }}
          onClose={() => ask(false)}
        />
      )}
    </li>
  );
}

function factsOf(piece: Equipment, probes: readonly Probe[] | null): [string, string][] {
  const { probeId, nextMaintenance, dutyPercent: duty, starts } = piece;
  const probe = probes?.find(({ id }) => id === probeId);
  const inIt = probeId == null ? t("equipment.noProbe") : (probe?.name ?? t(probes === null ? "loading" : "equipment.unknownProbe"));
  const work = { duty: duty ?? 0, n: starts ?? 0 };
  return [
    [t("equipment.probe"), inIt],
    ...(probeId == null ? [] : [[t("equipment.now"), temperatureText(piece, probe)] as [string, string]]),
    [t("equipment.duty"), duty == null ? t("equipment.dutyUnknown") : t(work.n === 1 ? "equipment.dutyIs_one" : "equipment.dutyIs_other", work)],
    [t(piece.status === "maintenance_due" ? "equipment.wasDue" : "equipment.next"), nextMaintenance == null ? t("equipment.noMaintenance") : date(nextMaintenance)],
  ];
}

/** Rounded by the limits of the probe, as everywhere; with the time of the reading, for this list is asked for now and then. */
function temperatureText({ temperature }: Equipment, probe: Probe | undefined): string {
  if (temperature?.milliC == null) return temperature?.reason ? t("haccp.noDataWhy", { reason: word("reason", temperature.reason) }) : t("haccp.noData");
  const { milliC, quality, reason, at } = temperature;
  const doubt = quality === "uncertain" ? (reason ? word("doubt", reason) : t("haccp.uncertain")) : undefined;
  return [`${degrees(milliC, probe ?? {})} °C`, doubt, at && moment(at, boxNow())].filter(Boolean).join(" · ");
}
