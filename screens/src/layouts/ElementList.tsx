// The elements from the top of the paper down. A tap opens one in its place; the arrows move it.
import { useState } from "preact/hooks";
import type { ElementKind, Layout } from "../api/types";
import { t, word } from "../i18n";
import { Icon } from "../ui/icons";
import { AddElement } from "./AddElement";
import { ElementRow } from "./ElementRow";
import { blank } from "./elements";
import { editRows, rowOf, type Row } from "./layouts";
import type { Mistake } from "./mistakes";

interface ElementListProps {
  layout: Layout;
  rows: readonly Row[];
  mistakes: readonly Mistake[];
  /** The row that is open, by its key. */
  open: string | null;
  onOpen: (key: string | null) => void;
}

interface Removed {
  row: Row;
  place: number;
}

export function ElementList({ layout, rows, mistakes, open, onOpen }: ElementListProps) {
  const [adding, setAdding] = useState(false);
  const [removed, setRemoved] = useState<Removed | null>(null);
  const edit = (change: (rows: readonly Row[]) => readonly Row[]) => editRows(layout.id, change);

  const move = (place: number, by: number) => edit((now) => moved(now, place, place + by));
  const remove = (place: number) => {
    setRemoved({ row: rows[place]!, place });
    onOpen(null);
    edit((now) => now.filter((_, i) => i !== place));
  };
  const bringBack = ({ row, place }: Removed) => {
    edit((now) => [...now.slice(0, place), row, ...now.slice(place)]);
    setRemoved(null);
  };
  const add = (kind: ElementKind) => {
    const row = rowOf(blank(kind));
    // Behind the one that is open; else at the end, but before the cut that ends the paper.
    const opened = rows.findIndex(({ key }) => key === open);
    const last = rows.at(-1)?.element.kind === "cut" ? rows.length - 1 : rows.length;
    const place = opened >= 0 ? opened + 1 : last;
    edit((now) => [...now.slice(0, place), row, ...now.slice(place)]);
    onOpen(row.key);
    setAdding(false);
  };

  return (
    <section class="elements-side" aria-label={t("layouts.elements")}>
      <ol class="elements" data-testid="elements">
        {rows.map((row, place) => (
          <ElementRow
            key={row.key}
            row={row}
            place={place}
            last={place === rows.length - 1}
            open={row.key === open}
            fields={layout.fields}
            mistakes={mistakes.filter((mistake) => mistake.row === row.key)}
            onToggle={() => onOpen(row.key === open ? null : row.key)}
            onMove={(by) => move(place, by)}
            onRemove={() => remove(place)}
            onChange={(element) => edit((now) => now.map((each) => (each.key === row.key ? { ...each, element } : each)))}
          />
        ))}
      </ol>
      {rows.length === 0 && <p class="nothing">{t("layouts.noElements")}</p>}
      <div class="elements-foot">
        <button type="button" class="wide" data-testid="element-add" onClick={() => setAdding(true)}>
          <Icon name="plus" />
          {t("layouts.add")}
        </button>
        {removed && (
          <button type="button" class="wide" data-testid="element-back" onClick={() => bringBack(removed)}>
            <Icon name="undo" />
            {t("layouts.bringBack", { element: word("element", removed.row.element.kind) })}
          </button>
        )}
      </div>
      {adding && <AddElement onAdd={add} onClose={() => setAdding(false)} />}
    </section>
  );
}

function moved(rows: readonly Row[], from: number, to: number): readonly Row[] {
  const row = rows[from];
  if (!row || to < 0 || to >= rows.length) return rows;
  const rest = rows.filter((_, i) => i !== from);
  return [...rest.slice(0, to), row, ...rest.slice(to)];
}
