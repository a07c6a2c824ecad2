// All alerts: those that are open, and those that were. A tap opens one, with what was done about it and what may be.
// Beside them the equipment that they are about, and who is told of which.
import { useEffect, useState } from "preact/hooks";
import { alerts as askAlerts, notifications, readNotifications } from "../api/calls";
import { may } from "../api/session";
import type { Alert } from "../api/types";
import { uuidv7 } from "../api/uuid";
import { t } from "../i18n";
import { picture } from "../live/live";
import { chooseFragment, fragment } from "../state/fragment";
import { usePoll } from "../state/poll";
import { useStore } from "../state/store";
import { Icon } from "../ui/icons";
import { Segments } from "../ui/Segments";
import { PollTrouble } from "../ui/Trouble";
import { AlertPanel } from "./AlertPanel";
import { AlertRow } from "./AlertRow";
import { isUnseen, MAY_MANAGE, worstFirst } from "./alerts";
import { EquipmentPanel } from "./EquipmentPanel";
import { RoutingPanel } from "./RoutingPanel";

const EVERY_MS = 10_000;
const HISTORY = 100;

const LISTS = ["unseen", "open", "history"] as const;
const VIEWS = [...LISTS, "equipment", "routing"] as const;
type List = (typeof LISTS)[number];
type View = (typeof VIEWS)[number];

const isList = (view: View): view is List => LISTS.some((list) => list === view);

export function AlertsPage() {
  const open = useStore(picture, (now) => now.alerts);
  const known = useStore(picture, (now) => now.known.has("notifications"));
  const chosen = useStore(fragment);
  // `#equipment` opens that; else the fragment is an alert's id.
  const [wanted, setView] = useState<View>(VIEWS.find((one) => one === chosen) ?? "open");
  const views = VIEWS.filter((one) => one !== "routing" || may(MAY_MANAGE));
  const view = views.includes(wanted) ? wanted : "open";
  const past = usePoll(() => askAlerts(HISTORY), { everyMs: EVERY_MS });
  const unread = useUnread(open);
  // What closes moves from one list to the other at once.
  useEffect(() => {
    if (past.value !== null) past.again();
  }, [open.size]);
  const closed = (past.value?.alerts ?? []).filter(({ id, state }) => state === "closed" && !open.has(id));
  const lists: Record<List, Alert[]> = {
    unseen: worstFirst([...open.values()].filter(isUnseen)),
    open: worstFirst(open.values()),
    history: closed,
  };
  const choose = (next: View) => {
    setView(next);
    if (!isList(next)) chooseFragment(next);
    else if (!isList(view)) chooseFragment(null);
  };
  const selected = open.get(chosen ?? "") ?? closed.find(({ id }) => id === chosen);
  return (
    <main class={selected ? "alerts with-panel" : "alerts"}>
      <div class="alerts-side">
        <Segments
          label={t("page.alerts")}
          value={view}
          options={views.map((value) => ({
            value,
            text: value === "unseen" || value === "open" ? `${t(`alerts.${value}`)} · ${lists[value].length}` : t(`alerts.${value}`),
          }))}
          onChoose={choose}
        />
        {view === "equipment" && <EquipmentPanel />}
        {view === "routing" && <RoutingPanel />}
        {isList(view) && <PollTrouble poll={past} />}
        {isList(view) && (
          <AlertRows view={view} alerts={lists[view]} listed={view === "history" ? past.value !== null : known} unread={unread} chosen={chosen} />
        )}
      </div>
      {selected && <AlertPanel key={selected.id} alert={selected} onClose={() => chooseFragment(null)} />}
    </main>
  );
}

interface AlertRowsProps {
  view: List;
  alerts: readonly Alert[];
  /** Whether the list has come. */
  listed: boolean;
  unread: ReadonlySet<string>;
  chosen: string | null;
}

function AlertRows({ view, alerts, listed, unread, chosen }: AlertRowsProps) {
  if (alerts.length === 0) {
    return (
      <p class="empty">
        <Icon name={listed ? "check" : "clock"} />
        {t(listed ? `alerts.none.${view}` : "loading")}
      </p>
    );
  }
  return (
    <ul class="alert-list" data-testid={`alerts-${view}`}>
      {alerts.map((alert) => (
        <AlertRow key={alert.id} alert={alert} isNew={unread.has(alert.id)} selected={alert.id === chosen} onChoose={chooseFragment} />
      ))}
    </ul>
  );
}

/** The alerts that this person was told of and had not looked at; they have now. */
function useUnread(open: ReadonlyMap<string, Alert>): ReadonlySet<string> {
  const [unread, setUnread] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    let left = false;
    const look = async () => {
      const told = (await notifications()).notifications;
      if (left || told.length === 0) return;
      setUnread((now) => new Set([...now, ...told.map(({ alert }) => alert.id)]));
      await readNotifications(told.map(({ id }) => id), uuidv7());
    };
    // A box that does not answer is told of above; what is unread stays so.
    look().catch(() => undefined);
    return () => {
      left = true;
    };
  }, [open.size]);
  return unread;
}
