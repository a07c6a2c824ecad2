// The unit whose history is open: its id is the address's fragment, which the breach banner links to.
import { createStore } from "../state/store";

const read = () => decodeURIComponent(location.hash.slice(1)) || null;

export const selection = createStore<string | null>(read());

window.addEventListener("hashchange", () => selection.set(read()));

export function chooseUnit(id: string | null): void {
  history.replaceState(null, "", id === null ? location.pathname : `#${encodeURIComponent(id)}`);
  selection.set(id);
}
