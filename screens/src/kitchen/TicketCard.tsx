// One ticket, to be read from two metres: how many of what first, then how, then what must not go wrong.
import { may } from "../api/session";
import type { Ticket, TicketItem } from "../api/types";
import { t, word } from "../i18n";
import { settling, tapOnce } from "../state/settle";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { amount, stopwatch } from "../ui/format";
import { Icon } from "../ui/icons";
import { memo } from "../ui/memo";
import { whereOf } from "../ui/orders";
import { useNow } from "../ui/useNow";
import { acknowledge } from "./acknowledge";
import { heightGuess } from "./columns";
import { bump, printHeld, start } from "./steps";
import { isAllergy, paperTrouble, standing, type Standing } from "./tickets";

const KEYS = 9;

export interface TicketCardProps {
  ticket: Ticket;
  /** Its number on the board: the first nine can be chosen by key. */
  place: number;
  selected: boolean;
  isNew: boolean;
  onSelect: (id: string) => void;
}

export const TicketCard = memo(function TicketCard({ ticket, place, selected, isNew, onSelect }: TicketCardProps) {
  const touched = () => {
    acknowledge([ticket.id]);
    onSelect(ticket.id);
  };
  const classes = ["ticket", ticket.status, isNew && "is-new", selected && "selected"].filter(Boolean).join(" ");
  return (
    <li
      class={classes}
      data-testid={`ticket-${ticket.id}`}
      data-status={ticket.status}
      style={{ containIntrinsicHeight: `auto ${heightGuess(ticket)}px` }}
      onPointerDown={touched}
    >
      <Head ticket={ticket} place={place} isNew={isNew} />
      <PaperState ticket={ticket} />
      <div class="ticket-body">
        {ticket.recalled && <p class="flag warn">{t("kitchen.recalled")}</p>}
        {ticket.specialInstructions && <Instruction text={ticket.specialInstructions} />}
        <ul class="ticket-items">
          {ticket.items.map((item) => (
            <Item key={item.id} item={item} />
          ))}
        </ul>
      </div>
      <Foot ticket={ticket} />
    </li>
  );
});

function Head({ ticket, place, isNew }: { ticket: Ticket; place: number; isNew: boolean }) {
  const now = useNow();
  const starting = useWrite(`start:${ticket.id}`);
  const stand = standing(ticket, now);
  const waiting = ticket.status === "received";
  return (
    <button
      type="button"
      class={`ticket-head ${stand.pace}`}
      data-testid={`start-${ticket.id}`}
      aria-disabled={!waiting}
      aria-label={`${whereOf(ticket)}, ${paceText(stand)}${waiting ? `, ${t("kitchen.start")}` : ""}`}
      onClick={() => waiting && start(ticket.id)}
    >
      <span class="ticket-where">{whereOf(ticket)}</span>
      <time class="ticket-time">{stopwatch(stand.elapsedMs)}</time>
      <span class="ticket-number">
        {place <= KEYS && <kbd>{place}</kbd>}#{ticket.orderNumber}
        {!waiting && ` · ${t("kitchen.cooking")}`}
      </span>
      <span class="ticket-pace">{paceText(stand)}</span>
      {waiting && (
        <span class="ticket-step">
          {isNew && <b>{t("kitchen.isNew")}</b>}
          {starting && starting.state !== "sending" ? starting.message || t("noAnswer") : t("kitchen.tapToStart")}
        </span>
      )}
    </button>
  );
}

function paceText({ pace, minutes }: Standing): string {
  if (pace === "late") return t("pace.late", { n: minutes });
  return pace === "soon" ? t("pace.soon", { n: minutes }) : t("pace.onTime");
}

function Item({ item }: { item: TicketItem }) {
  return (
    <li class={item.status === "cancelled" ? "ticket-item cancelled" : "ticket-item"}>
      <span class="qty">
        {amount(item)}
        <i>×</i>
      </span>
      <span class="what">
        <span class="name">{item.itemName}</span>
        {item.modifications.map((text) => (
          <span key={text} class="mod">
            {text}
          </span>
        ))}
        {item.specialInstructions && <Instruction text={item.specialInstructions} />}
      </span>
    </li>
  );
}

function Instruction({ text }: { text: string }) {
  if (!isAllergy(text)) return <p class="instruction">{text}</p>;
  return (
    <p class="instruction allergy">
      <Icon name="alert" />
      <span>
        <b>{t("kitchen.allergy")}</b> {text}
      </span>
    </p>
  );
}

function PaperState({ ticket }: { ticket: Ticket }) {
  const trouble = paperTrouble(ticket, useNow());
  if (trouble === null) return null;
  return (
    <div class={trouble === "waits" ? "paper-state warn" : "paper-state bad"} role="status" data-testid={`paper-${ticket.id}`}>
      <Icon name="printer" />
      <span>{word("paper", trouble)}</span>
      {trouble === "held" && may("kitchen.update_status") && <PrintHeld ticket={ticket} />}
    </div>
  );
}

function PrintHeld({ ticket }: { ticket: Ticket }) {
  const printing = useWrite(`print:${ticket.id}`);
  const busy = printing?.state === "sending";
  return (
    <>
      <button type="button" disabled={busy} data-testid={`print-${ticket.id}`} onClick={() => printHeld(ticket.id)}>
        {t("paper.print")}
      </button>
      {printing && !busy && <small role="alert">{printing.message || t("noAnswer")}</small>}
    </>
  );
}

function Foot({ ticket }: { ticket: Ticket }) {
  const bumping = useWrite(`complete:${ticket.id}`);
  const busy = bumping?.state === "sending";
  const still = useStore(settling);
  return (
    <footer class="ticket-foot">
      {bumping && !busy && (
        <p class="flag bad" role="alert">
          {bumping.message || t("noAnswer")}
        </p>
      )}
      <button
        type="button"
        class="bump"
        data-testid={`bump-${ticket.id}`}
        disabled={busy}
        aria-disabled={still}
        onClick={() => tapOnce(() => bump(ticket.id))}
      >
        <Icon name="check" />
        {t(busy ? "kitchen.bumping" : "kitchen.bump")}
      </button>
    </footer>
  );
}
