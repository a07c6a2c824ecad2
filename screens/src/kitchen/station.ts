// Which station this screen shows: kept in the address, so that a bookmark or a reload keeps it.
import { createStore } from "../state/store";

const read = () => new URLSearchParams(location.hash.slice(1)).get("station") ?? "";

/** A station's id, or "" for all. */
export const station = createStore<string>(read());

window.addEventListener("hashchange", () => station.set(read()));

export function chooseStation(id: string): void {
  history.replaceState(null, "", id === "" ? location.pathname : `#station=${encodeURIComponent(id)}`);
  station.set(id);
}
