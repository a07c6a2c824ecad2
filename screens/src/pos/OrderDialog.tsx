// One order in full: its lines, the server's figures, where its tickets are, what contradicts.
import type { Order, Ticket } from "../api/types";
import { t, word } from "../i18n";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { Dialog } from "../ui/Dialog";
import { amount, clock, money } from "../ui/format";
import { Icon } from "../ui/icons";
import { orderStates, taxFigures, whereOf } from "../ui/orders";
import { NextStep } from "./OpenOrders";
import { Receipt } from "./Receipt";

export function OrderDialog({ order, tickets, onClose }: { order: Order; tickets: Ticket[]; onClose: () => void }) {
  const stations = useStore(settings, (now) => now?.stations);
  const stationName = (id: string) => stations?.find((station) => station.id === id)?.name ?? id;
  return (
    <Dialog title={`${whereOf(order)} · #${order.orderNumber}`} onClose={onClose} foot={<NextStep order={order} big />}>
      <p class="order-states">
        {orderStates(order).map(({ tone, text }) => (
          <span key={text} class={`state ${tone}`}>
            {text}
          </span>
        ))}
        <span class="soft">
          {clock(order.createdAt)} {order.servedByName ?? ""}
        </span>
      </p>
      {order.contradictions.map((text) => (
        <p key={text} class="message warn">
          <Icon name="alert" />
          {text}
        </p>
      ))}
      {order.specialInstructions && <p class="message warn">{order.specialInstructions}</p>}
      <ul class="order-lines">
        {order.items.map((line) => (
          <li key={line.id}>
            <span class="order-qty">{amount(line)}×</span>
            <span>
              {line.itemName}
              {line.modifications.length > 0 && (
                <small class="line-mods">{line.modifications.map(({ name }) => name).join(", ")}</small>
              )}
              {line.specialInstructions && <small class="line-note">“{line.specialInstructions}”</small>}
            </span>
            <span>{money(line.totalPrice)}</span>
          </li>
        ))}
      </ul>
      <dl class="figures">
        {taxFigures(order).map(([name, amount]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{money(amount)}</dd>
          </div>
        ))}
        <div class="total">
          <dt>{t("money.total")}</dt>
          <dd>{money(order.totalAmount)}</dd>
        </div>
      </dl>
      {tickets.length > 0 && (
        <ul class="order-tickets">
          {tickets.map((ticket) => (
            <li key={ticket.id}>
              <strong>{stationName(ticket.assignedStation)}</strong>
              <span>{word("ticket", ticket.status)}</span>
              {ticket.paper && <span class={ticket.paper === "held" || ticket.paper === "in_doubt" ? "state bad" : "soft"}>{word("paper", ticket.paper)}</span>}
            </li>
          ))}
        </ul>
      )}
      <Receipt order={order} />
    </Dialog>
  );
}
