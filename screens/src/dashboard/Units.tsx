// Temperatures of the location, and the limits, which may be changed here.
import { useMemo } from "preact/hooks";
import { changeProbe } from "../api/calls";
import { may } from "../api/session";
import type { Probe, ProbePatch } from "../api/types";
import { t } from "../i18n";
import { useFresh } from "../haccp/fresh";
import { Age, stateText, UnitValue } from "../haccp/UnitTile";
import { learnProbe } from "../live/learn";
import { picture } from "../live/live";
import { useStore } from "../state/store";
import { parseDecimal } from "../ui/format";
import { memo } from "../ui/memo";
import { exactDegrees, limitsText } from "../ui/temperature";
import { Conflicts } from "./Conflicts";
import { EditField } from "./EditField";
import { fieldName, fieldPatch, fieldText } from "./limitFields";

const MILLI_DIGITS = 3;
const TONES: Record<string, string> = { ok: "ok", breach: "bad", no_data: "none" };

export function Units() {
  const probes = useFresh(useStore(picture, (now) => now.probes));
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
  const save = (patch: ProbePatch, key: string) => changeProbe(probe.id, patch, key).then(learnProbe);
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
          <LimitField probe={probe} which="minMilliC" save={save} />
          <LimitField probe={probe} which="maxMilliC" save={save} />
        </div>
      ) : (
        <span class="limits">{limitsText(probe)}</span>
      )}
      <Conflicts
        conflicts={probe.conflicts}
        subject={`probe:${probe.id}`}
        name={fieldName}
        print={fieldText}
        patch={fieldPatch}
        save={save}
      />
    </li>
  );
});

interface LimitFieldProps {
  probe: Probe;
  which: "minMilliC" | "maxMilliC";
  save: (patch: ProbePatch, key: string) => Promise<unknown>;
}

function LimitField({ probe, which, save }: LimitFieldProps) {
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
        save={(milliC, key) => save({ [which]: milliC }, key)}
        inputId={`${short}-${probe.id}`}
        saveId={`save-${short}-${probe.id}`}
      />
    </label>
  );
}
