// What the box says of the place: its name, money, stations. Asked once per login, and again until it answers.
import { settings as ask } from "../api/calls";
import { NoAnswer } from "../api/client";
import { session } from "../api/session";
import type { Settings } from "../api/types";
import { keep, recall } from "./keep";
import { createStore } from "./store";

const RETRY_MS = 3_000;

export const settings = createStore<Settings | null>(recall<Settings>("settings"));

settings.subscribe(() => keep("settings", settings.get()));

export async function loadSettings(): Promise<void> {
  if (session.get() === null) return;
  try {
    settings.set(await ask());
  } catch (error) {
    if (error instanceof NoAnswer) setTimeout(() => void loadSettings(), RETRY_MS);
  }
}
