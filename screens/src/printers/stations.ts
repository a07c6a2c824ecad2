import { word } from "../i18n";
import { settings } from "../state/settings";
import { useStore } from "../state/store";

/** Prints stations by their names, "Grill, Bar". */
export function useStationNames(): (ids: readonly string[]) => string {
  const stations = useStore(settings, (now) => now?.stations);
  return (ids) => ids.map((id) => stations?.find((station) => station.id === id)?.name ?? word("station", id)).join(", ");
}
