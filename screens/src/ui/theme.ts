// Light, dark, or as the device says.
import { keep, recall } from "../state/keep";
import { createStore } from "../state/store";

export type Theme = "auto" | "light" | "dark";
export const themes: Theme[] = ["auto", "light", "dark"];
export const theme = createStore<Theme>(recall<Theme>("theme") ?? "auto");

function apply(): void {
  const root = document.documentElement;
  if (theme.get() === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = theme.get();
}

theme.subscribe(() => {
  keep("theme", theme.get());
  apply();
});
apply();
