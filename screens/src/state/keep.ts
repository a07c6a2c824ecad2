// Small values that outlive a reload. A browser that refuses storage loses only the comfort.

export function recall<T>(name: string): T | null {
  try {
    const text = localStorage.getItem(`trivet.${name}`);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function keep(name: string, value: unknown): void {
  try {
    if (value === null || value === undefined) localStorage.removeItem(`trivet.${name}`);
    else localStorage.setItem(`trivet.${name}`, JSON.stringify(value));
  } catch {
    // Storage is full or refused; the value lives on in memory.
  }
}
