// The board: tickets in columns by age, and below it what was bumped last.
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { picture } from "../live/live";
import { useStore } from "../state/store";
import { Icon } from "../ui/icons";
import { unseen } from "./acknowledge";
import { placeTickets, type Columns } from "./columns";
import { useKeys } from "./keys";
import { RecallBar } from "./RecallBar";
import { station } from "./station";
import { TicketCard } from "./TicketCard";
import { bumped, onBoard } from "./tickets";

export function Board() {
  const tickets = useStore(picture, (now) => now.tickets);
  const known = useStore(picture, (now) => now.known.has("kitchen"));
  const chosen = useStore(station);
  const waiting = useStore(unseen);
  const [selected, select] = useState<string | null>(null);
  const board = useMemo(() => onBoard(tickets, chosen), [tickets, chosen]);
  const done = useMemo(() => bumped(tickets, chosen), [tickets, chosen]);
  const onSelect = useCallback((id: string) => select(id), []);
  const count = useColumnCount();
  const before = useRef<Columns>([]);
  const columns = useMemo(() => placeTickets(board, count, before.current), [board, count]);
  before.current = columns;
  const inOrder = columns.flat();
  const placeOf = new Map(inOrder.map((ticket, i) => [ticket.id, i + 1]));
  useKeys({ board: inOrder, lastBumped: done[0]?.id, selected, select });

  return (
    <main class="kitchen">
      {board.length > 0 ? (
        <div class="board" aria-label={t("page.kitchen")}>
          {columns.map((column, i) => (
            <ol key={i} class="column">
              {column.map((ticket) => (
                <TicketCard
                  key={ticket.id}
                  ticket={ticket}
                  place={placeOf.get(ticket.id)!}
                  selected={ticket.id === selected}
                  isNew={waiting.has(ticket.id)}
                  onSelect={onSelect}
                />
              ))}
            </ol>
          ))}
        </div>
      ) : (
        <p class="empty">
          <Icon name={known ? "check" : "clock"} />
          {t(known ? "kitchen.empty" : "loading")}
        </p>
      )}
      <RecallBar tickets={done} />
    </main>
  );
}

const COLUMN_PX = 310;

/** As many columns as the screen has room for, each wide enough to be read from two metres. */
function useColumnCount(): number {
  const fitting = () => Math.max(1, Math.round(window.innerWidth / COLUMN_PX));
  const [count, setCount] = useState(fitting);
  useLayoutEffect(() => {
    const measure = () => setCount(fitting());
    window.addEventListener("resize", measure);
    return () => window.removeEventListener("resize", measure);
  }, []);
  return count;
}
