// A value that the page watches. All shared state of a screen is a handful of these.
import { useLayoutEffect, useReducer, useRef } from "preact/hooks";

export interface Store<T> {
  get(): T;
  set(next: T): void;
  update(change: (now: T) => T): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  const set = (next: T) => {
    if (Object.is(next, value)) return;
    value = next;
    for (const listener of [...listeners]) listener();
  };
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Watches a store, or what `select` picks of it: the component renders again only when that changes. */
export function useStore<T>(store: Store<T>): T;
export function useStore<T, R>(store: Store<T>, select: (value: T) => R): R;
export function useStore<T, R>(store: Store<T>, select?: (value: T) => R): T | R {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const pick = () => (select ? select(store.get()) : store.get());
  const picked = pick();
  const last = useRef<T | R>(picked);
  const latest = useRef(pick);
  last.current = picked;
  latest.current = pick;
  useLayoutEffect(() => {
    const check = () => {
      if (!Object.is(latest.current(), last.current)) render(0);
    };
    // The store may have changed between render and effect.
    check();
    return store.subscribe(check);
  }, [store]);
  return picked;
}
