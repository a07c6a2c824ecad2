// What is open on a page (a unit, a printer), by its id in the address's fragment: a banner's link names it,
// and a reload keeps it.
import { createStore } from "./store";

const read = () => decodeURIComponent(location.hash.slice(1)) || null;

export const fragment = createStore<string | null>(read());

window.addEventListener("hashchange", () => fragment.set(read()));

export function chooseFragment(id: string | null): void {
  history.replaceState(null, "", id === null ? location.pathname : `#${encodeURIComponent(id)}`);
  fragment.set(id);
}
