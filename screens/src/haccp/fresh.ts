// A value that has grown old is none: when a box falls silent, nobody tells its last number to go away.
import { useMemo } from "preact/hooks";
import type { Probe } from "../api/types";
import { useNow } from "../ui/useNow";

/** Of a probe of another box only the minutes come; two of them missing is silence. The server says the same. */
const OLDEST_MS = 150_000;

const silenced = new WeakMap<Probe, Probe>();

function withoutValue(probe: Probe): Probe {
  const known = silenced.get(probe);
  if (known) return known;
  const current = { ...probe.current, milliC: null, quality: "no_data", reason: "silent" };
  const silent = { ...probe, current, state: probe.breach ? "breach" : "no_data" };
  silenced.set(probe, silent);
  return silent;
}

const isOld = ({ current: { milliC, at } }: Probe, now: number) => milliC != null && at != null && now - Date.parse(at) > OLDEST_MS;

/** The probes as they stand now; an object changes only when its probe does. */
export function useFresh(probes: ReadonlyMap<string, Probe>): ReadonlyMap<string, Probe> {
  const now = useNow();
  const old = [...probes.values()].filter((probe) => isOld(probe, now)).map(({ id }) => id);
  return useMemo(() => {
    const fresh = new Map(probes);
    for (const id of old) fresh.set(id, withoutValue(probes.get(id)!));
    return fresh;
  }, [probes, old.join()]);
}
