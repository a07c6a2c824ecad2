// Texts are data: one file per language, the same keys in each (the compiler checks that).
import { keep, recall } from "../state/keep";
import { createStore } from "../state/store";
import { settings } from "../state/settings";
import { en } from "./en";
import { fi } from "./fi";

export type TextKey = keyof typeof en;
export type Texts = Record<TextKey, string>;

const languages: Record<string, { name: string; locale: string; texts: Texts }> = {
  en: { name: "English", locale: "en-GB", texts: en },
  fi: { name: "Suomi", locale: "fi-FI", texts: fi },
};

/** What this screen's user chose; else the place's language. */
const chosen = createStore<string | null>(recall<string>("language"));
export const language = createStore<string>(current());

function current(): string {
  const wanted = chosen.get() ?? settings.get()?.language ?? navigator.language;
  const short = wanted.slice(0, 2).toLowerCase();
  return short in languages ? short : "en";
}

function follow(): void {
  language.set(current());
  document.documentElement.lang = language.get();
}

chosen.subscribe(follow);
settings.subscribe(follow);
follow();

export const languageNames = Object.entries(languages).map(([id, { name }]) => ({ id, name }));

export function chooseLanguage(id: string): void {
  keep("language", id);
  chosen.set(id);
}

export const locale = (): string => languages[language.get()]?.locale ?? "en-GB";

export type Values = Record<string, string | number>;

export function t(key: TextKey, values?: Values): string {
  const text = languages[language.get()]?.texts[key] ?? en[key];
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}

/** A counted text: `base_one` for one, `base_other` for the rest. */
export function tn(base: CountedKey, n: number): string {
  return t(`${base}_${n === 1 ? "one" : "other"}`, { n });
}

type CountedKey = TextKey extends infer K ? (K extends `${infer B}_one` ? B : never) : never;

/** The text for one of the server's words; an unknown word is shown as it came. */
export function word(kind: string, value: string): string {
  const key = `${kind}.${value}`;
  return key in en ? t(key as TextKey) : value.replaceAll("_", " ");
}
