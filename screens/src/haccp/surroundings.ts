// What is shown of a unit beside its own values: the clause of its limit, its next calibration, the dishes that it holds
// back. Asked for once for all units.
import { createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";
import type { Breach, CalibrationState, MenuItem, Probe } from "../api/types";
import { breaches as askBreaches, calibrationsDue, plan as askPlan } from "../api/safety";
import { picture } from "../live/live";
import { useFollow } from "../safety/follow";
import { pointOf, standingLimits, type ControlPoint, type Plan } from "../safety/plan";
import type { Poll } from "../state/poll";
import { useStore } from "../state/store";
import type { Limits } from "../ui/temperature";

export interface Surroundings {
  /** Whether the box has said which plan is in force, or that none is: until then nobody knows all limits. */
  known: boolean;
  plan: Plan | null;
  version: number | null;
  calibrations: ReadonlyMap<string, CalibrationState>;
  /** By the probe whose breach took them off the menu; also when that is over, until somebody puts them back. */
  held: ReadonlyMap<string, readonly MenuItem[]>;
}

export const NOTHING: Surroundings = { known: false, plan: null, version: null, calibrations: new Map(), held: new Map() };

export const SurroundingsContext = createContext<Surroundings>(NOTHING);

/** With the questions whose answers these are: whoever shows them says too when one is not answered. */
export function useSurroundings(): { around: Surroundings; polls: readonly Poll<unknown>[] } {
  const standing = useFollow(["plan"], askPlan);
  const calibrations = useFollow(["calibration", "plan"], calibrationsDue);
  const excursions = useFollow(["record"], askBreaches);
  const menu = useStore(picture, (now) => now.menu);
  const open = useStore(picture, (now) => now.breaches);
  const known = standing.value !== null;
  const plan = standing.value?.inForce;
  const due = calibrations.value;
  const past = excursions.value?.breaches;
  const around = useMemo(
    () => ({
      known,
      plan: (plan?.plan as unknown as Plan | undefined) ?? null,
      version: plan?.version ?? null,
      calibrations: new Map((due?.probes ?? []).map((state) => [state.probeId, state])),
      held: heldIn(menu.values(), [...open.values(), ...(past ?? [])]),
    }),
    [known, plan, due, menu, open, past],
  );
  return { around, polls: [standing, calibrations, excursions] };
}

export function heldBy(items: Iterable<MenuItem>): Map<string, MenuItem[]> {
  const held = new Map<string, MenuItem[]>();
  for (const item of items) {
    for (const { cause } of item.holds) held.set(cause, [...(held.get(cause) ?? []), item]);
  }
  return held;
}

function heldIn(items: Iterable<MenuItem>, breaches: readonly Breach[]): Map<string, MenuItem[]> {
  const probes = new Map(breaches.map(({ id, probeId }) => [id, probeId]));
  const held = new Map<string, MenuItem[]>();
  for (const [cause, dishes] of heldBy(items)) {
    const probe = probes.get(cause);
    if (probe !== undefined) held.set(probe, [...new Set([...(held.get(probe) ?? []), ...dishes])]);
  }
  return held;
}

export interface Around {
  /** Whether the plan's limits are among these, if it has any. */
  known: boolean;
  point: ControlPoint | undefined;
  calibration: CalibrationState | undefined;
  limits: Limits;
}

export function useAround(probe: Probe): Around {
  const { known, plan, calibrations } = useContext(SurroundingsContext);
  const point = pointOf(plan, probe);
  const { minMilliC, maxMilliC } = standingLimits(probe, point);
  const limits = useMemo(() => ({ minMilliC, maxMilliC }), [minMilliC, maxMilliC]);
  return { known, point, calibration: calibrations.get(probe.id), limits };
}
