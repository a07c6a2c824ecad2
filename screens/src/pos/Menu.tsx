// Categories and items. A tap adds one; "Options" opens the modifiers first. What is sold out is crossed out,
// live, and cannot be tapped.
import { memo } from "../ui/memo";
import { useMemo, useState } from "preact/hooks";
import type { MenuItem } from "../api/types";
import { t } from "../i18n";
import { picture } from "../live/live";
import { useStore } from "../state/store";
import { money } from "../ui/format";
import { Icon } from "../ui/icons";
import { addItem, draft, isLocked, lineOf, type DraftLine } from "./draft";
import { LineDialog } from "./LineDialog";
import { lastSent } from "./send";

/** Hues for the categories, far from the red and amber that mean trouble. */
const HUES = [205, 150, 285, 110, 250, 330, 180, 60];

export function Menu() {
  const menu = useStore(picture, (now) => now.menu);
  const known = useStore(picture, (now) => now.known.has("pos"));
  const [chosen, setChosen] = useState<string | null>(null);
  const [editing, setEditing] = useState<{ item: MenuItem; line: DraftLine } | null>(null);

  const groups = useMemo(() => grouped([...menu.values()]), [menu]);
  const categories = [...groups.keys()];
  const category = chosen !== null && groups.has(chosen) ? chosen : categories[0];
  const hue = (name: string) => ({ "--hue": HUES[categories.indexOf(name) % HUES.length] });

  return (
    <section class="menu-area" aria-label={t("pos.menu")}>
      <nav class="categories" aria-label={t("pos.categories")}>
        {categories.map((name) => (
          <button key={name} type="button" style={hue(name)} aria-pressed={name === category} onClick={() => setChosen(name)}>
            {name}
            <small>{groups.get(name)!.length}</small>
          </button>
        ))}
      </nav>
      {category === undefined ? (
        <p class="empty">{t(known ? "pos.noMenu" : "loading")}</p>
      ) : (
        <ul class="items" style={hue(category)}>
          {groups.get(category)!.map((item) => (
            <ItemTile key={item.id} item={item} onOptions={(of) => setEditing({ item: of, line: lineOf(of) })} />
          ))}
        </ul>
      )}
      {editing && <LineDialog item={editing.item} line={editing.line} onClose={() => setEditing(null)} />}
    </section>
  );
}

function tapped(item: MenuItem): void {
  lastSent.set(null);
  addItem(item);
}

const ItemTile = memo(function ItemTile({ item, onOptions }: { item: MenuItem; onOptions: (item: MenuItem) => void }) {
  const count = useStore(draft, (now) =>
    now.lines.reduce((sum, line) => sum + (line.menuItemId === item.id ? line.quantity : 0), 0),
  );
  const locked = useStore(draft, isLocked);
  return (
    <li class={item.isAvailable ? "item" : item.holds.length > 0 ? "item out held" : "item out"}>
      <button
        type="button"
        class="item-add"
        data-testid={`item-${item.id}`}
        disabled={!item.isAvailable || locked}
        onClick={() => tapped(item)}
      >
        <span class="item-name">{item.name}</span>
        {item.dietaryInfo.length > 0 && <span class="item-diet">{item.dietaryInfo.join(" · ")}</span>}
        <span class="item-price">{item.isAvailable ? money(item.price) : t(item.holds.length > 0 ? "pos.held" : "pos.soldOut")}</span>
        {item.holds.map(({ cause, reason }) => (
          <span key={cause} class="item-hold" data-testid={`hold-${item.id}`}>
            {reason}
          </span>
        ))}
      </button>
      {count > 0 && (
        <span class="item-count" aria-label={t("pos.inOrder", { n: count })}>
          {count}
        </span>
      )}
      {item.isAvailable && item.modifiers.length > 0 && (
        <button type="button" class="item-options" disabled={locked} onClick={() => onOptions(item)}>
          <Icon name="plus" />
          {t("pos.options")}
        </button>
      )}
    </li>
  );
});

function grouped(items: MenuItem[]): Map<string, MenuItem[]> {
  const groups = new Map<string, MenuItem[]>();
  for (const item of items) groups.set(item.category, [...(groups.get(item.category) ?? []), item]);
  return groups;
}
