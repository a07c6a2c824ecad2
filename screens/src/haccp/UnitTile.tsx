// One unit: its value, its state in a word and a colour, its limits, the age of what is shown.
import type { Probe } from "../api/types";
import { t, word } from "../i18n";
import { clock, span } from "../ui/format";
import { Icon, type IconName } from "../ui/icons";
import { memo } from "../ui/memo";
import { degrees, limitsText } from "../ui/temperature";
import { useNow } from "../ui/useNow";

const ICONS: Record<string, IconName> = { fridge: "thermometer", freezer: "snow", hot_hold: "flame", ambient: "thermometer" };

export interface UnitTileProps {
  probe: Probe;
  selected: boolean;
  onChoose: (id: string) => void;
}

export const UnitTile = memo(function UnitTile({ probe, selected, onChoose }: UnitTileProps) {
  return (
    <li>
      <button
        type="button"
        class={`unit ${probe.state}`}
        aria-pressed={selected}
        data-testid={`probe-${probe.id}`}
        data-state={probe.state}
        onClick={() => onChoose(probe.id)}
      >
        <span class="unit-name">
          <Icon name={ICONS[probe.unitKind] ?? "thermometer"} />
          {probe.name}
        </span>
        <UnitValue probe={probe} />
        <span class="unit-word">{stateText(probe)}</span>
        <span class="unit-detail">
          <span>{limitsText(probe) || t("haccp.noLimits")}</span>
          <Age probe={probe} />
        </span>
        {probe.breach && (
          <span class="unit-breach">
            {t("breach.tile", { since: clock(probe.breach.openedAt), peak: degrees(probe.breach.peakMilliC, probe) })}
          </span>
        )}
        {probe.conflicts.length > 0 && <span class="unit-breach">{t("haccp.conflict")}</span>}
      </button>
    </li>
  );
});

export function UnitValue({ probe }: { probe: Probe }) {
  const { milliC, quality } = probe.current;
  if (probe.state === "no_data" || milliC == null) return <span class="unit-value missing">– –</span>;
  return (
    <span class="unit-value">
      {degrees(milliC, probe)}
      <i>°C</i>
      {quality === "uncertain" && <em>{t("haccp.uncertain")}</em>}
    </span>
  );
}

export function stateText(probe: Probe): string {
  if (probe.state === "no_data") return noDataText(probe);
  if (probe.state !== "breach") return t("haccp.ok");
  const beyond = t(probe.breach?.kind === "low" ? "haccp.tooCold" : "haccp.tooWarm");
  // A breach goes on while its probe is lost: nobody knows that it has ended.
  return probe.current.milliC == null ? t("haccp.beyond", { state: beyond, data: noDataText(probe) }) : beyond;
}

function noDataText({ current: { reason } }: Probe): string {
  return reason ? t("haccp.noDataWhy", { reason: word("reason", reason) }) : t("haccp.noData");
}

/** How old the shown value is, by the box's clock. */
export function Age({ probe }: { probe: Probe }) {
  const now = useNow();
  const { at } = probe.current;
  if (!at) return <span>{t("haccp.never")}</span>;
  return <span>{t("ago", { span: span(now - Date.parse(at)) })}</span>;
}
