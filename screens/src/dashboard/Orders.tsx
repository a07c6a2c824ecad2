// The latest orders of all boxes of the location, and how they stand.
import { useMemo } from "preact/hooks";
import type { Order } from "../api/types";
import { t, tn } from "../i18n";
import { boxNow } from "../live/pulse";
import { isOpen } from "../live/picture";
import { picture } from "../live/live";
import { useStore } from "../state/store";
import { moment, money } from "../ui/format";
import { memo } from "../ui/memo";
import { orderStates, whereOf } from "../ui/orders";

const SHOWN = 40;

export function Orders() {
  const orders = useStore(picture, (now) => now.orders);
  const latest = useMemo(
    () => [...orders.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, SHOWN),
    [orders],
  );
  const open = latest.filter(isOpen).length;
  return (
    <section class="dash-card dash-orders">
      <header>
        <h2>{t("dash.orders")}</h2>
        <span class="state accent">{tn("dash.open", open)}</span>
      </header>
      <ul class="dash-list">
        {latest.map((order) => (
          <OrderRow key={order.id} order={order} />
        ))}
        {latest.length === 0 && <li class="nothing">{t("dash.noOrders")}</li>}
      </ul>
    </section>
  );
}

const OrderRow = memo(function OrderRow({ order }: { order: Order }) {
  return (
    <li class="dash-order" data-testid={`order-${order.id}`} data-status={order.status}>
      <span class="dash-what">
        <strong>{whereOf(order)}</strong>
        <small>
          #{order.orderNumber} · {moment(order.createdAt, boxNow())}
          {order.servedByName ? ` · ${order.servedByName}` : ""}
        </small>
        {order.contradictions.map((text) => (
          <small key={text} class="trouble">
            {text}
          </small>
        ))}
      </span>
      <span class="dash-states">
        {orderStates(order).map(({ tone, text }) => (
          <span key={text} class={`state ${tone}`}>
            {text}
          </span>
        ))}
      </span>
      <strong class="dash-money">{money(order.totalAmount)}</strong>
    </li>
  );
});
