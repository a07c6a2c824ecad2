// The open orders, ready ones first, always in sight; a card opens the whole order.
import { memo } from "../ui/memo";
import { useMemo, useState } from "preact/hooks";
import type { Order, Ticket } from "../api/types";
import { t, tn } from "../i18n";
import { isOpen } from "../live/picture";
import { picture } from "../live/live";
import { settling, tapOnce } from "../state/settle";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { span } from "../ui/format";
import { isToServe, orderStates, ticketsByOrder, whereOf, worstPaper } from "../ui/orders";
import { useNow } from "../ui/useNow";
import { OrderDialog } from "./OrderDialog";
import { markServed, sendLater } from "./send";

export function openOrders(orders: ReadonlyMap<string, Order>): Order[] {
  const rank = (order: Order) => (isToServe(order) ? 0 : 1);
  return [...orders.values()].filter(isOpen).sort((a, b) => rank(a) - rank(b) || a.createdAt.localeCompare(b.createdAt));
}

const NO_TICKETS: Ticket[] = [];

export function OpenOrders() {
  const orders = useStore(picture, (now) => now.orders);
  const tickets = useStore(picture, (now) => now.tickets);
  const [shown, setShown] = useState<string | null>(null);
  const open = useMemo(() => openOrders(orders), [orders]);
  const byOrder = useMemo(() => ticketsByOrder(tickets), [tickets]);
  const order = shown === null ? undefined : orders.get(shown);
  return (
    <section class="open-orders" aria-label={t("pos.open")}>
      <h2>
        {t("pos.open")} <small>{tn("pos.orders", open.length)}</small>
      </h2>
      <ul>
        {open.map((each) => (
          <OrderCard key={each.id} order={each} paper={worstPaper(byOrder.get(each.id))} onOpen={setShown} />
        ))}
        {open.length === 0 && <li class="no-orders">{t("pos.noOpen")}</li>}
      </ul>
      {order && <OrderDialog order={order} tickets={byOrder.get(order.id) ?? NO_TICKETS} onClose={() => setShown(null)} />}
    </section>
  );
}

interface CardProps {
  order: Order;
  paper: string | null;
  onOpen: (id: string) => void;
}

const OrderCard = memo(function OrderCard({ order, paper, onOpen }: CardProps) {
  const states = orderStates(order);
  return (
    <li class={`order-card ${states[0].tone}`} data-testid={`order-${order.id}`} data-status={order.status}>
      <button type="button" class="order-open" onClick={() => onOpen(order.id)}>
        <span class="order-title">
          <strong>{whereOf(order)}</strong> #{order.orderNumber}
        </span>
        <span class="order-states">
          {states.map(({ tone, text }) => (
            <span key={text} class={`state ${tone}`}>
              {text}
            </span>
          ))}
          {paper && <span class="state bad">{t(paper === "held" ? "paper.heldShort" : "paper.doubtShort")}</span>}
          <Age since={order.createdAt} />
        </span>
      </button>
      <NextStep order={order} />
    </li>
  );
});

function Age({ since }: { since: string }) {
  return <span class="order-age">{span(useNow() - Date.parse(since))}</span>;
}

export function NextStep({ order, big }: { order: Order; big?: boolean }) {
  const serving = useWrite(`serve:${order.id}`);
  const sending = useWrite(`send:${order.id}`);
  const still = useStore(settling);
  const unsent = order.status === "new" || order.status === "pending";
  // Of an order that the kitchen took back only the dialog offers "served": on the card it would be a slip.
  const servable = big ? order.status === "ready" : isToServe(order);
  if (!servable && !unsent) return null;
  const now = unsent ? sending : serving;
  return (
    <span class="next-step">
      {now && now.state !== "sending" && (
        <span class="message bad" role="alert">
          {now.state === "refused" ? now.message : t("noAnswer")}
        </span>
      )}
      <button
        type="button"
        class={big ? "primary big" : "primary"}
        data-testid={unsent ? `send-${order.id}` : `served-${order.id}`}
        disabled={now?.state === "sending"}
        aria-disabled={still}
        onClick={() => tapOnce(() => void (unsent ? sendLater(order.id) : markServed(order.id)))}
      >
        {t(unsent ? "pos.sendNow" : "pos.served")}
      </button>
    </span>
  );
}
