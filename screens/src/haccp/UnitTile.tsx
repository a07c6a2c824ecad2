// One unit: its value, its state in a word and a colour, its limits with their clause, the age of what is shown, and
// marks of what must be known beside it.
import { useContext } from "preact/hooks";
import type { Probe } from "../api/types";
import { t, tn, word } from "../i18n";
import { clauseText, limitText, standingLimits } from "../safety/plan";
import { clock, day, span } from "../ui/format";
import { Icon, type IconName } from "../ui/icons";
import { memo } from "../ui/memo";
import { degrees, limitsText, type Limits } from "../ui/temperature";
import { useNow } from "../ui/useNow";
import { SurroundingsContext, useAround } from "./surroundings";

const ICONS: Record<string, IconName> = { fridge: "thermometer", freezer: "snow", hot_hold: "flame", ambient: "thermometer" };
const BATTERY_LOW = 20;

export interface UnitTileProps {
  probe: Probe;
  selected: boolean;
  onChoose: (id: string) => void;
}

export const UnitTile = memo(function UnitTile({ probe, selected, onChoose }: UnitTileProps) {
  const { limits } = useAround(probe);
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
          <span>
            <StandingLimit probe={probe} />
          </span>
          {probe.current.milliC != null && <Age probe={probe} />}
        </span>
        <Marks probe={probe} />
        {probe.breach && (
          <span class="unit-breach">
            {t("breach.tile", { since: clock(probe.breach.openedAt), first: degrees(probe.breach.peakMilliC, limits) })}
          </span>
        )}
        {probe.conflicts.length > 0 && <span class="unit-breach">{t("haccp.conflict")}</span>}
      </button>
    </li>
  );
});

/** The limit that holds: the plan's in the scale of its rule, if all of it is the plan's; and where it can be read. */
function StandingLimit({ probe }: { probe: Probe }) {
  const { known, point, limits } = useAround(probe);
  const rule = point?.limits?.[0];
  const same = (one: Limits) => limits.minMilliC === (one.minMilliC ?? null) && limits.maxMilliC === (one.maxMilliC ?? null);
  const plans = !same(probe) && same(standingLimits({ ...probe, minMilliC: null, maxMilliC: null }, point));
  if (!rule) return <>{limitsText(probe) || t(known ? "haccp.noLimits" : "haccp.limitsUnknown")}</>;
  return (
    <>
      {plans ? point!.limits!.map(({ limit }) => limitText(limit)).join(", ") : limitsText(limits)}
      <small class="unit-clause">
        {plans ? rule.source.clause : t("haccp.clause", { limit: limitText(rule.limit), clause: rule.source.clause })}
      </small>
    </>
  );
}

/** What the whole limit says, with its source. */
export function ClauseLine({ probe }: { probe: Probe }) {
  const { point } = useAround(probe);
  const rule = point?.limits?.[0];
  if (!point || !rule) return null;
  return (
    <p class="clause-line">
      {point.name}: {rule.name} {limitText(rule.limit)} ({clauseText(rule.source)})
      {rule.source.confirmed !== true && <em>{t("plan.unconfirmed")}</em>}
    </p>
  );
}

export function Marks({ probe }: { probe: Probe }) {
  const { calibration } = useAround(probe);
  const held = useContext(SurroundingsContext).held.get(probe.id);
  const { batteryPercent } = probe.current;
  const due = calibration && calibration.state !== "valid";
  return (
    <span class="unit-marks">
      {held && (
        <span class="mark-hold" data-testid={`held-${probe.id}`}>
          {tn("haccp.held", held.length)}
        </span>
      )}
      {probe.parts.map(({ part, on, reason }) => (
        <span key={part} class={on ? "mark-on" : ""}>
          {on == null ? t("haccp.partUnknown", { part: word("partName", part), why: word("reason", reason ?? "silent") }) : word("part", `${part}.${on ? "on" : "off"}`)}
        </span>
      ))}
      {batteryPercent != null && (
        <span class={batteryPercent < BATTERY_LOW ? "mark-warn" : ""}>{t("haccp.battery", { n: batteryPercent })}</span>
      )}
      {calibration && (
        <span class={due ? "mark-warn" : ""}>
          {calibration.dueAt
            ? t(`haccp.calibration.${calibration.state === "overdue" ? "overdue" : "next"}`, { day: day(calibration.dueAt) })
            : t("haccp.calibration.never")}
        </span>
      )}
    </span>
  );
}

export function UnitValue({ probe }: { probe: Probe }) {
  const { limits } = useAround(probe);
  const { milliC, quality, reason } = probe.current;
  if (probe.state === "no_data" || milliC == null) return <span class="unit-value missing">– –</span>;
  return (
    <span class="unit-value">
      {degrees(milliC, limits)}
      <i>°C</i>
      {quality === "uncertain" && <em>{reason ? word("doubt", reason) : t("haccp.uncertain")}</em>}
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
