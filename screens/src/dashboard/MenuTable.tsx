// The menu: prices and what is sold out.
import { useMemo, useState } from "preact/hooks";
import { changeMenuItem } from "../api/calls";
import { may } from "../api/session";
import type { MenuItem, MenuPatch } from "../api/types";
import { locale, t } from "../i18n";
import { learnMenuItem } from "../live/learn";
import { picture } from "../live/live";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { decimal, money, parseDecimal } from "../ui/format";
import { memo } from "../ui/memo";
import { Conflicts } from "./Conflicts";
import { EditField } from "./EditField";
import { fieldName, fieldPatch, fieldText } from "./menuFields";

export function MenuTable() {
  const menu = useStore(picture, (now) => now.menu);
  const [search, setSearch] = useState("");
  const items = useMemo(() => sorted([...menu.values()]), [menu]);
  const wanted = search.trim().toLocaleLowerCase(locale());
  const shown = items.filter((item) => `${item.category} ${item.name}`.toLocaleLowerCase(locale()).includes(wanted));
  return (
    <section class="dash-card dash-menu">
      <header>
        <h2>{t("dash.menu")}</h2>
        <input
          type="search"
          class="dash-search"
          aria-label={t("dash.search")}
          placeholder={t("dash.search")}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </header>
      <ul class="dash-list menu-list">
        {shown.map((item) => (
          <MenuRow key={item.id} item={item} />
        ))}
        {shown.length === 0 && <li class="nothing">{t("dash.noItems")}</li>}
      </ul>
    </section>
  );
}

const MenuRow = memo(function MenuRow({ item }: { item: MenuItem }) {
  const { currency, currencyDigits } = useStore(settings) ?? { currency: "EUR", currencyDigits: 2 };
  const save = (patch: MenuPatch, key: string) =>
    changeMenuItem(item.id, patch, key).then(learnMenuItem);
  return (
    <li class={item.isAvailable ? "dash-item" : "dash-item out"} data-testid={`item-${item.id}`}>
      <span class="dash-what">
        <strong>{item.name}</strong>
        <small>{item.category}</small>
        {item.holds.map(({ cause, reason }) => (
          <small key={cause} class="state bad">
            {t("pos.held")}: {reason}
          </small>
        ))}
      </span>
      <Availability item={item} save={save} />
      {may("menu.write") ? (
        <EditField
          subject={`price:${item.id}`}
          label={t("dash.priceOf", { name: item.name })}
          text={localDecimal(item.price, currencyDigits)}
          unit={currency}
          parse={(text) => parseDecimal(text, currencyDigits)}
          save={(price, key) => save({ price }, key)}
          inputId={`price-${item.id}`}
          saveId={`save-price-${item.id}`}
        />
      ) : (
        <span>{money(item.price)}</span>
      )}
      <Conflicts
        conflicts={item.conflicts}
        subject={`menu:${item.id}`}
        name={fieldName}
        print={fieldText}
        patch={fieldPatch}
        save={save}
      />
    </li>
  );
});

function Availability({ item, save }: { item: MenuItem; save: (patch: MenuPatch, key: string) => Promise<unknown> }) {
  const next = !item.isAvailable;
  // The one and the other are two commands: a try that got no answer must not lend its key to the opposite.
  const subject = `available:${item.id}:${next}`;
  const now = useWrite(subject);
  return (
    <span class="availability">
      <button
        type="button"
        role="switch"
        class="switch"
        aria-checked={item.isAvailable}
        aria-label={t("dash.availableOf", { name: item.name })}
        disabled={!may("menu.write") || now?.state === "sending"}
        data-testid={`available-${item.id}`}
        onClick={() => void write(subject, (key) => save({ isAvailable: next }, key))}
      >
        <span class="knob" />
        {t(item.isAvailable ? "dash.available" : "pos.soldOut")}
      </button>
      {now && now.state !== "sending" && (
        <span class="edit-trouble" role="alert">
          {now.message || t("noAnswer")}
        </span>
      )}
    </span>
  );
}

const sorted = (items: MenuItem[]) =>
  items.sort((a, b) => a.category.localeCompare(b.category, locale()) || a.name.localeCompare(b.name, locale()));

const localDecimal = (minor: number, digits: number) =>
  new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, useGrouping: false }).format(decimal(minor, digits));
