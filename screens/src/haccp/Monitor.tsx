// All units at a glance; a tap opens one unit's history beside them.
import { useMemo } from "preact/hooks";
import type { Probe } from "../api/types";
import { t } from "../i18n";
import { picture } from "../live/live";
import { chooseFragment, fragment } from "../state/fragment";
import { useStore } from "../state/store";
import { Icon } from "../ui/icons";
import { useFresh } from "./fresh";
import { UnitPanel } from "./UnitPanel";
import { UnitTile } from "./UnitTile";

export function Monitor() {
  const probes = useFresh(useStore(picture, (now) => now.probes));
  const known = useStore(picture, (now) => now.known.has("admin"));
  const chosen = useStore(fragment);
  const units = useMemo(() => [...probes.values()], [probes]);
  const open = chosen === null ? undefined : probes.get(chosen);

  return (
    <main class={open ? "haccp with-panel" : "haccp"}>
      <div class="units-side">
        <Summary units={units} />
        {units.length > 0 ? (
          <ul class="units">
            {units.map((probe) => (
              <UnitTile key={probe.id} probe={probe} selected={probe.id === chosen} onChoose={chooseFragment} />
            ))}
          </ul>
        ) : (
          <p class="empty">
            <Icon name="thermometer" />
            {t(known ? "haccp.none" : "loading")}
          </p>
        )}
      </div>
      {open && <UnitPanel key={open.id} probe={open} onClose={() => chooseFragment(null)} />}
    </main>
  );
}

function Summary({ units }: { units: Probe[] }) {
  const count = (state: string) => units.filter((probe) => probe.state === state).length;
  const parts = [
    { state: "breach", tone: "bad" },
    { state: "no_data", tone: "none" },
    { state: "ok", tone: "ok" },
  ] as const;
  return (
    <p class="summary" role="status">
      {parts.map(({ state, tone }) => {
        const n = count(state);
        return (
          <span key={state} class={n > 0 ? `state ${tone}` : "state"}>
            {n} {t(`haccp.count.${state}`)}
          </span>
        );
      })}
    </p>
  );
}
