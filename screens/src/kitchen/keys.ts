// Keyboard and bump bar: a digit selects a ticket, the same digit again (or Enter) bumps it, S starts it,
// R recalls the last bumped one, Escape selects none.
import { useEffect, useRef } from "preact/hooks";
import { acknowledge } from "./acknowledge";
import { bump, recallTicket, start } from "./steps";

export interface KeyTargets {
  board: readonly { id: string; status: string }[];
  lastBumped: string | undefined;
  selected: string | null;
  select: (id: string | null) => void;
}

export function useKeys(targets: KeyTargets): void {
  const latest = useRef(targets);
  latest.current = targets;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof HTMLInputElement) return;
      if (press(event.key, latest.current)) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function press(key: string, { board, lastBumped, selected, select }: KeyTargets): boolean {
  const chosen = board.find((ticket) => ticket.id === selected);
  const bumpChosen = (id: string) => {
    select(null);
    bump(id);
  };
  if (/^[1-9]$/.test(key)) {
    const ticket = board[Number(key) - 1];
    if (!ticket) return false;
    if (ticket.id === selected) bumpChosen(ticket.id);
    else {
      acknowledge([ticket.id]);
      select(ticket.id);
    }
    return true;
  }
  switch (key.toLowerCase()) {
    case "enter":
      // A focused button has its own Enter.
      if (!chosen || document.activeElement instanceof HTMLButtonElement) return false;
      bumpChosen(chosen.id);
      return true;
    case "s":
      if (chosen?.status === "received") start(chosen.id);
      return chosen !== undefined;
    case "r":
      if (lastBumped) recallTicket(lastBumped);
      return true;
    case "escape":
      select(null);
      return true;
    default:
      return false;
  }
}
