// The waiter's page: the menu, the order being built, the open orders. On a phone they are three views.
import { may } from "../api/session";
import { t } from "../i18n";
import { picture } from "../live/live";
import { PrinterBanner } from "../printers/PrinterBanner";
import { createStore, useStore } from "../state/store";
import { boot } from "../ui/boot";
import { countOf, draft } from "./draft";
import { DraftPanel } from "./DraftPanel";
import { Menu } from "./Menu";
import { OpenOrders, openOrders } from "./OpenOrders";
import "./pos.css";
import "./orders.css";

type View = "menu" | "draft" | "orders";
const view = createStore<View>("menu");

function Pos() {
  const shown = useStore(view);
  return (
    <>
      <main class="pos" data-view={shown}>
        <Menu />
        <DraftPanel />
        <OpenOrders />
      </main>
      <ViewTabs shown={shown} />
    </>
  );
}

function ViewTabs({ shown }: { shown: View }) {
  const count = useStore(draft, countOf);
  const open = useStore(picture, (now) => now.orders);
  const tabs: { value: View; text: string }[] = [
    { value: "menu", text: t("pos.menu") },
    { value: "draft", text: `${t("pos.order")} · ${count}` },
    { value: "orders", text: `${t("pos.openShort")} · ${openOrders(open).length}` },
  ];
  return (
    <nav class="view-tabs" aria-label={t("pos.views")}>
      {tabs.map(({ value, text }) => (
        <button key={value} type="button" aria-current={shown === value ? "page" : undefined} onClick={() => view.set(value)}>
          {text}
        </button>
      ))}
    </nav>
  );
}

// The kitchen's tickets tell the waiter of held paper; a waiter who may not read them does without.
boot({
  title: "page.pos",
  Page: Pos,
  Banner: () => <PrinterBanner />,
  wants: () => ({ needs: ["pos"], likes: may("kitchen.read") ? ["notifications", "kitchen"] : ["notifications"] }),
});
