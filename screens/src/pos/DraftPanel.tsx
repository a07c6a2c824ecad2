// The order being built, and the one button that sends it. After sending it shows the server's figures.
import { useState } from "preact/hooks";
import type { Order, OrderType } from "../api/types";
import { t, tn, word } from "../i18n";
import { picture } from "../live/live";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { money } from "../ui/format";
import { Icon } from "../ui/icons";
import { taxFigures } from "../ui/orders";
import { Segments } from "../ui/Segments";
import { Stepper } from "../ui/Stepper";
import {
  clearDraft,
  countOf,
  draft,
  estimate,
  isLocked,
  lineEstimate,
  putLine,
  setNote,
  setOrderType,
  setTable,
  type Draft,
  type DraftLine,
} from "./draft";
import { LineDialog } from "./LineDialog";
import { lastSent, sendDraft } from "./send";

const ORDER_TYPES: OrderType[] = ["dine_in", "takeout", "delivery"];

export function DraftPanel() {
  const now = useStore(draft);
  const sent = useStore(lastSent);
  const [editing, setEditing] = useState<DraftLine | null>(null);
  const menu = useStore(picture, (it) => it.menu);
  const locked = isLocked(now);

  return (
    <section class="draft" aria-label={t("pos.order")}>
      <div class="draft-head">
        <Segments
          label={t("pos.type")}
          value={now.orderType}
          disabled={locked}
          options={ORDER_TYPES.map((value) => ({ value, text: word("type", value) }))}
          onChoose={setOrderType}
        />
        <div class="draft-where">
          {now.orderType === "dine_in" && (
            <label class="table-field">
              <span>{t("pos.table")}</span>
              <input
                inputMode="numeric"
                maxLength={12}
                value={now.tableNumber}
                disabled={locked}
                placeholder="–"
                data-testid="table-number"
                onInput={(event) => setTable(event.currentTarget.value)}
              />
            </label>
          )}
          <input
            class="order-note"
            aria-label={t("pos.orderNote")}
            placeholder={t("pos.orderNote")}
            maxLength={200}
            value={now.note}
            disabled={locked}
            data-testid="order-note"
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </div>
      </div>
      {now.lines.length > 0 ? (
        <ul class="lines">
          {now.lines.map((line) => (
            <Line key={line.id} line={line} locked={locked} onEdit={() => setEditing(line)} />
          ))}
        </ul>
      ) : sent ? (
        <Sent order={sent} />
      ) : (
        <p class="empty">
          <Icon name="note" />
          {t("pos.emptyDraft")}
        </p>
      )}
      <DraftFoot now={now} />
      {editing && <LineDialog item={menu.get(editing.menuItemId)} line={editing} onClose={() => setEditing(null)} />}
    </section>
  );
}

function Line({ line, locked, onEdit }: { line: DraftLine; locked: boolean; onEdit: () => void }) {
  return (
    <li class="line" data-testid={`line-${line.menuItemId}`}>
      <button type="button" class="line-text quiet" disabled={locked} aria-label={t("pos.edit", { name: line.name })} onClick={onEdit}>
        <span class="line-name">{line.name}</span>
        {line.modifiers.length > 0 && <span class="line-mods">{line.modifiers.map(({ name }) => name).join(", ")}</span>}
        {line.note && <span class="line-note">“{line.note}”</span>}
        {line.weighed && (
          <span class="line-weighed" data-testid={`weighed-${line.menuItemId}`}>
            {t("pos.weighed", { name: line.weighed.scale })}
          </span>
        )}
        <span class="line-price">{money(lineEstimate(line))}</span>
      </button>
      {line.weighed ? (
        <button type="button" class="quiet" disabled={locked} aria-label={t("pos.takeOut", { name: line.name })} onClick={() => putLine({ ...line, quantity: 0 })}>
          <Icon name="trash" />
        </button>
      ) : (
        <Stepper value={line.quantity} name={line.name} disabled={locked} onChange={(quantity) => putLine({ ...line, quantity })} />
      )}
    </li>
  );
}

function DraftFoot({ now }: { now: Draft }) {
  const count = countOf(now);
  const busy = now.phase === "sending";
  const again = now.phase === "unanswered" || now.createdId !== null;
  const taxed = useStore(settings, (it) => it?.pricesIncludeTax ?? false);
  return (
    <footer class="draft-foot">
      <DraftMessage now={now} />
      {count > 0 && (
        <p class="estimate">
          <span>
            {t("pos.estimate")} <small>{t(taxed ? "pos.estimateTaxed" : "pos.estimateMore")}</small>
          </span>
          <strong>{money(estimate(now))}</strong>
        </p>
      )}
      <div class="draft-actions">
        {count > 0 && !busy && <DropButton now={now} />}
        <button
          type="button"
          class="primary big"
          data-testid="send-order"
          aria-busy={busy}
          disabled={busy || count === 0}
          onClick={() => void sendDraft()}
        >
          {t(busy ? "pos.sending" : again ? "pos.retry" : "pos.send")}
          {count > 0 && !busy && <span class="send-count">{tn("pos.items", count)}</span>}
        </button>
      </div>
    </footer>
  );
}

function DraftMessage({ now }: { now: Draft }) {
  if (now.phase === "unanswered") {
    return (
      <p class="message warn" role="alert" data-testid="draft-message">
        <Icon name="offline" />
        {t(now.createdId === null ? "pos.unanswered" : "pos.unansweredSend")}
      </p>
    );
  }
  if (now.phase !== "refused") return null;
  return (
    <p class="message bad" role="alert" data-testid="draft-message">
      <Icon name="alert" />
      {now.createdId === null ? now.message : t("pos.refusedSend", { why: now.message })}
    </p>
  );
}

/** Dropping a draft that may already be an order takes a second tap, on words that say so. */
function DropButton({ now }: { now: Draft }) {
  const [asked, setAsked] = useState(false);
  const risky = isLocked(now) && now.createdId === null;
  const label = now.createdId !== null ? t("pos.later") : asked ? t("pos.dropSure") : t("pos.clear");
  return (
    <button
      type="button"
      class="big"
      data-testid="clear-order"
      onBlur={() => setAsked(false)}
      onClick={() => (asked || !risky ? clearDraft() : setAsked(true))}
    >
      {label}
    </button>
  );
}

function Sent({ order }: { order: Order }) {
  const figures: [string, number][] = [
    [t("money.subtotal"), order.subtotal],
    ...(order.discountAmount !== 0 ? [[t("money.discount"), -order.discountAmount] as [string, number]] : []),
    ...taxFigures(order),
  ];
  return (
    <div class="sent" role="status" data-testid="order-sent">
      <span class="sent-tick">
        <Icon name="check" />
      </span>
      <h2>{t("pos.sent", { number: order.orderNumber })}</h2>
      <p>{order.tableNumber ? t("table", { table: order.tableNumber }) : word("type", order.orderType)}</p>
      <dl class="figures">
        {figures.map(([name, amount]) => (
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
    </div>
  );
}
