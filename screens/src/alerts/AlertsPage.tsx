// All alerts: those that are open, and those that were. A tap opens one, with what was done about it and what may be.
import { useEffect, useState } from "preact/hooks";
import { alerts as askAlerts, notifications, readNotifications } from "../api/calls";
import type { Alert } from "../api/types";
import { uuidv7 } from "../api/uuid";
import { t, type TextKey } from "../i18n";
import { picture } from "../live/live";
import { chooseFragment, fragment } from "../state/fragment";
import { usePoll } from "../state/poll";
import { useStore } from "../state/store";
import { Icon } from "../ui/icons";
import { Segments } from "../ui/Segments";
import { AlertPanel } from "./AlertPanel";
import { AlertRow } from "./AlertRow";
import { isUnseen, worstFirst } from "./alerts";

const EVERY_MS = 10_000;
const HISTORY = 100;

const VIEWS = ["unseen", "open", "history"] as const;
type View = (typeof VIEWS)[number];

export function AlertsPage() {
  const open = useStore(picture, (now) => now.alerts);
  const known = useStore(picture, (now) => now.known.has("notifications"));
  const chosen = useStore(fragment);
  const [view, setView] = useState<View>("open");
  const past = usePoll(() => askAlerts(HISTORY), { everyMs: EVERY_MS });
  const unread = useUnread(open);
  // What closes moves from one list to the other at once.
  useEffect(() => {
    if (past.value !== null) past.again();
  }, [open.size]);
  const closed = (past.value?.alerts ?? []).filter(({ id, state }) => state === "closed" && !open.has(id));
  const lists: Record<View, Alert[]> = {
    unseen: worstFirst([...open.values()].filter(isUnseen)),
    open: worstFirst(open.values()),
    history: closed,
  };
  const shown = lists[view];
  const selected = open.get(chosen ?? "") ?? closed.find(({ id }) => id === chosen);
  return (
    <main class={selected ? "alerts with-panel" : "alerts"}>
      <div class="alerts-side">
        <Segments
          label={t("page.alerts")}
          value={view}
          options={VIEWS.map((value) => ({
            value,
            text: value === "history" ? t("alerts.history") : `${t(`alerts.${value}` as TextKey)} · ${lists[value].length}`,
          }))}
          onChoose={setView}
        />
        {past.lost && (
          <p class="message warn" role="alert">
            <Icon name="offline" />
            {t("alerts.lost")}
          </p>
        )}
        {shown.length > 0 ? (
          <ul class="alert-list" data-testid={`alerts-${view}`}>
            {shown.map((alert) => (
              <AlertRow
                key={alert.id}
                alert={alert}
                isNew={unread.has(alert.id)}
                selected={alert.id === chosen}
                onChoose={chooseFragment}
              />
            ))}
          </ul>
        ) : (
          <p class="empty">
            <Icon name={known ? "check" : "clock"} />
            {t(known ? (`alerts.none.${view}` as TextKey) : "loading")}
          </p>
        )}
      </div>
      {selected && <AlertPanel key={selected.id} alert={selected} onClose={() => chooseFragment(null)} />}
    </main>
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
