// Temperatures of the location, and the limits, which may be changed here.
import { useMemo } from "preact/hooks";
import { changeProbe } from "../api/calls";
import { may } from "../api/session";
import type { Probe, ProbePatch } from "../api/types";
import { t } from "../i18n";
import { Age, stateText, UnitValue } from "../haccp/UnitTile";
import { learnProbe } from "../live/learn";
import { picture } from "../live/live";
import { useStore } from "../state/store";
import { parseDecimal } from "../ui/format";
import { memo } from "../ui/memo";
import { exactDegrees, limitsText } from "../ui/temperature";
import { Conflicts } from "./Conflicts";
import { EditField } from "./EditField";

type Limit = "minMilliC" | "maxMilliC";

const MILLI_DIGITS = 3;
/** The limits' fields by the names they have in a conflict. */
const LIMITS: Record<string, { which: Limit; text: "dash.min" | "dash.max" }> = {
  min: { which: "minMilliC", text: "dash.min" },
  max: { which: "maxMilliC", text: "dash.max" },
};
/** How a conflict writes a value that was taken away. */
const NOTHING = "–";
const TONES: Record<string, string> = { ok: "ok", breach: "bad", no_data: "none" };

export function Units() {
  const probes = useStore(picture, (now) => now.probes);
  const units = useMemo(() => [...probes.values()], [probes]);
  return (
    <section class="dash-card dash-units">
      <header>
        <h2>{t("dash.units")}</h2>
      </header>
      <ul class="dash-list">
        {units.map((probe) => (
          <UnitRow key={probe.id} probe={probe} />
        ))}
        {units.length === 0 && <li class="nothing">{t("haccp.none")}</li>}
      </ul>
    </section>
  );
}

const UnitRow = memo(function UnitRow({ probe }: { probe: Probe }) {
  return (
    <li class={`dash-unit ${probe.state}`} data-testid={`probe-${probe.id}`} data-state={probe.state}>
      <span class="dash-what">
        <strong>{probe.name}</strong>
        <small>
          <Age probe={probe} />
        </small>
      </span>
      <span class={`state ${TONES[probe.state] ?? "none"}`}>{stateText(probe)}</span>
      <UnitValue probe={probe} />
      {may("haccp.configure") ? (
        <div class="limits">
          <LimitField probe={probe} which="minMilliC" />
          <LimitField probe={probe} which="maxMilliC" />
        </div>
      ) : (
        <span class="limits">{limitsText(probe)}</span>
      )}
      <Conflicts
        conflicts={probe.conflicts}
        name={(field) => (field in LIMITS ? t(LIMITS[field]!.text) : field)}
        print={(value, field) => (!(field in LIMITS) ? value : value === NOTHING ? t("dash.noLimit") : `${exactDegrees(Number(value))} °C`)}
        choose={(field, value, key) => changeProbe(probe.id, patchOf(field, value), key).then(learnProbe)}
        subject={`probe:${probe.id}`}
      />
    </li>
  );
});

function patchOf(field: string, value: string): ProbePatch {
  const limit = LIMITS[field];
  return limit ? { [limit.which]: value === NOTHING ? null : Number(value) } : { [field]: value };
}

function LimitField({ probe, which }: { probe: Probe; which: Limit }) {
  const value = probe[which];
  const short = which === "minMilliC" ? "min" : "max";
  return (
    <label class="limit-field">
      <small>{t(`dash.${short}`)}</small>
      <EditField
        subject={`limit:${probe.id}:${which}`}
        label={`${probe.name}, ${t(`dash.${short}`)}`}
        text={value == null ? "" : exactDegrees(value)}
        unit="°C"
        placeholder={t("dash.noLimit")}
        parse={(text) => (text.trim() === "" ? null : parseDecimal(text, MILLI_DIGITS))}
        save={(milliC, key) => changeProbe(probe.id, { [which]: milliC }, key).then((saved) => (learnProbe(saved), saved))}
        inputId={`${short}-${probe.id}`}
        saveId={`save-${short}-${probe.id}`}
      />
    </label>
  );
}
