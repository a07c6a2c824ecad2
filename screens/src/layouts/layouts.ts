// The layouts as the server has them, and as they are being edited. What was changed stays until it is saved or
// given up: over a look at another layout, a change of language or of persons.
import { layouts as ask, resetLayout, saveLayout } from "../api/calls";
import { NoAnswer, Refusal } from "../api/client";
import type { Layout, LayoutElement, LayoutId } from "../api/types";
import { createStore } from "../state/store";
import { forget, write } from "../state/write";
import { mistakesOf, type Mistake } from "./mistakes";

/** An element with a name of its own, so that it stays itself when it is moved. */
export interface Row {
  key: string;
  element: LayoutElement;
}

export interface Editing {
  layout: Layout;
  rows: readonly Row[];
  changed: boolean;
  /** What the server had against the rows when they were last to be saved. */
  mistakes: readonly Mistake[];
}

interface Layouts {
  /** In the server's order; null until it has answered. */
  all: ReadonlyMap<LayoutId, Editing> | null;
  /** Why they can't be had. */
  message: string | null;
  lost: boolean;
}

export const layouts = createStore<Layouts>({ all: null, message: null, lost: false });

let made = 0;
const newKey = () => `e${made++}`;

export const rowOf = (element: LayoutElement): Row => ({ key: newKey(), element });

export const elementsOf = (rows: readonly Row[]): LayoutElement[] => rows.map(({ element }) => element);

const RETRY_MS = 3_000;

/** Asks until there is an answer. What is being edited stays; the rest is taken as it comes. */
export async function loadLayouts(): Promise<void> {
  try {
    const answer = await ask();
    layouts.update(({ all }) => ({
      all: new Map(answer.layouts.map((layout) => [layout.id, taken(layout, all?.get(layout.id))])),
      message: null,
      lost: false,
    }));
  } catch (error) {
    if (error instanceof Refusal) layouts.update((now) => ({ ...now, message: error.message, lost: false }));
    else if (error instanceof NoAnswer) {
      layouts.update((now) => ({ ...now, lost: true }));
      setTimeout(() => void loadLayouts(), RETRY_MS);
    } else throw error;
  }
}

/** Whatever the order in which an element's fields came. */
function sameElements(some: readonly LayoutElement[], others: readonly LayoutElement[]): boolean {
  const text = (element: LayoutElement) => JSON.stringify(Object.entries(element).sort(([a], [b]) => (a < b ? -1 : 1)));
  return some.length === others.length && some.every((element, i) => text(element) === text(others[i]!));
}

function taken(layout: Layout, before: Editing | undefined): Editing {
  const same = before !== undefined && sameElements(elementsOf(before.rows), layout.elements);
  if (before && (before.changed || same)) return { ...before, layout, changed: !same };
  return { layout, rows: layout.elements.map(rowOf), changed: false, mistakes: [] };
}

export const anyChanged = () => [...(layouts.get().all?.values() ?? [])].some(({ changed }) => changed);

function put(id: LayoutId, next: (now: Editing) => Editing): void {
  layouts.update((now) => {
    const editing = now.all?.get(id);
    if (!editing) return now;
    return { ...now, all: new Map(now.all).set(id, next(editing)) };
  });
}

export const writeOf = (id: LayoutId) => `layout:${id}`;

export function editRows(id: LayoutId, edit: (rows: readonly Row[]) => readonly Row[]): void {
  // Other elements are another command: they must not go under the key of those before.
  forget(writeOf(id));
  put(id, ({ layout, rows }) => {
    const next = edit(rows);
    return { layout, rows: next, changed: !sameElements(elementsOf(next), layout.elements), mistakes: [] };
  });
}

export const giveUp = (id: LayoutId) => editRows(id, () => layouts.get().all!.get(id)!.layout.elements.map(rowOf));

/** True once the server has them. */
export async function save(id: LayoutId): Promise<boolean> {
  const rows = layouts.get().all?.get(id)?.rows;
  if (!rows) return false;
  const elements = elementsOf(rows);
  const send = async (key: string) => {
    try {
      await saveLayout(id, elements, key);
      return true;
    } catch (error) {
      if (error instanceof Refusal) put(id, (now) => ({ ...now, mistakes: mistakesOf(error.problem, rows) }));
      throw error;
    }
  };
  if (!(await write(writeOf(id), send))) return false;
  put(id, (now) => ({
    ...now,
    layout: { ...now.layout, elements, isDefault: false },
    changed: !sameElements(elementsOf(now.rows), elements),
  }));
  await loadLayouts();
  return true;
}

export const resetOf = (id: LayoutId) => `layout-reset:${id}`;

export async function backToDefault(id: LayoutId): Promise<boolean> {
  const done = await write(resetOf(id), (key) => resetLayout(id, key).then(() => true));
  if (!done) return false;
  forget(writeOf(id));
  put(id, (now) => ({ ...now, changed: false, mistakes: [] }));
  await loadLayouts();
  return true;
}
