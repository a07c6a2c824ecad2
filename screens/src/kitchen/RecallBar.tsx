// The tickets bumped last: the big button takes back the very last one, the small ones those before.
import type { Ticket } from "../api/types";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { Icon } from "../ui/icons";
import { span } from "../ui/format";
import { whereOf } from "../ui/orders";
import { useNow } from "../ui/useNow";
import { recallTicket } from "./steps";

const SHOWN = 6;

export function RecallBar({ tickets }: { tickets: Ticket[] }) {
  const last = tickets[0];
  return (
    <footer class="recall-bar">
      <button type="button" class="recall" data-testid="recall" disabled={!last} onClick={() => last && recallTicket(last.id)}>
        <Icon name="undo" />
        {t("kitchen.recall")}
      </button>
      <ul aria-label={t("kitchen.bumped")}>
        {tickets.slice(0, SHOWN).map((ticket) => (
          <Bumped key={ticket.id} ticket={ticket} />
        ))}
        {!last && <li class="soft">{t("kitchen.noneBumped")}</li>}
      </ul>
      <span class="key-hint">{t("kitchen.keys")}</span>
    </footer>
  );
}

function Bumped({ ticket }: { ticket: Ticket }) {
  const now = useNow();
  const recalling = useWrite(`recall:${ticket.id}`);
  const failed = recalling && recalling.state !== "sending";
  return (
    <li>
      <button
        type="button"
        class={failed ? "bumped failed" : "bumped"}
        data-testid={`recall-${ticket.id}`}
        disabled={recalling?.state === "sending"}
        onClick={() => recallTicket(ticket.id)}
      >
        <strong>{whereOf(ticket)}</strong>
        <small>
          {failed ? recalling.message || t("noAnswer") : `#${ticket.orderNumber}`}
          {!failed && ticket.completedAt && ` · ${t("ago", { span: span(now - Date.parse(ticket.completedAt)) })}`}
        </small>
      </button>
    </li>
  );
}
