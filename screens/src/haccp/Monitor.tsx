// All units at a glance; a tap opens one unit's page beside them.
import { useMemo, useState } from "preact/hooks";
import { may } from "../api/session";
import type { Probe } from "../api/types";
import { t } from "../i18n";
import { picture } from "../live/live";
import { chooseFragment, fragment } from "../state/fragment";
import { useStore } from "../state/store";
import { Icon } from "../ui/icons";
import { PollTrouble } from "../ui/Trouble";
import { UnitDialog } from "./UnitDialog";
import { useFresh } from "./fresh";
import { SurroundingsContext, useSurroundings } from "./surroundings";
import { UnitPanel } from "./UnitPanel";
import { UnitTile } from "./UnitTile";

/** What needs somebody stands first; of two alike the order of their names stays. */
const RANKS: Record<string, number> = { breach: 0, no_data: 1, ok: 2 };

export function Monitor() {
  const probes = useFresh(useStore(picture, (now) => now.probes));
  const known = useStore(picture, (now) => now.known.has("admin"));
  const chosen = useStore(fragment);
  const { around, polls } = useSurroundings();
  const [adding, setAdding] = useState(false);
  const [all, setAll] = useState(false);
  const units = useMemo(() => inOrder([...probes.values()], all), [probes, all]);
  const retired = useMemo(() => [...probes.values()].filter((probe) => probe.retired).length, [probes]);
  const open = chosen === null ? undefined : probes.get(chosen);

  return (
    <SurroundingsContext.Provider value={around}>
      <main class={open ? "haccp with-panel" : "haccp"}>
        <div class="units-side">
          <div class="units-head">
            <Summary units={units} />
            {retired > 0 && (
              <button type="button" class="quiet" aria-pressed={all} onClick={() => setAll(!all)}>
                {t(all ? "haccp.hideRetired" : "haccp.showRetired", { n: retired })}
              </button>
            )}
            {may("haccp.configure") && (
              <button type="button" data-testid="add-unit" onClick={() => setAdding(true)}>
                <Icon name="plus" />
                {t("haccp.add")}
              </button>
            )}
            <PollTrouble poll={polls} />
          </div>
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
        {adding && <UnitDialog probe={null} onClose={() => setAdding(false)} />}
      </main>
    </SurroundingsContext.Provider>
  );
}

function inOrder(units: Probe[], all: boolean): Probe[] {
  const rank = (probe: Probe) => (probe.retired ? 9 : (RANKS[probe.state] ?? 2));
  return units.filter((probe) => all || !probe.retired).sort((a, b) => rank(a) - rank(b));
}

function Summary({ units }: { units: Probe[] }) {
  const count = (state: string) => units.filter((probe) => probe.state === state && !probe.retired).length;
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
