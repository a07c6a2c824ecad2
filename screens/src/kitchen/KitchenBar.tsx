// In the top bar: which station, the way to the labels, and the bell.
import { mayOne } from "../api/session";
import { t, tn } from "../i18n";
import { picture } from "../live/live";
import { MAY_REPRINT } from "../printers/permissions";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { Icon } from "../ui/icons";
import { audible, enableSound } from "../ui/sound";
import { acknowledge, unseen } from "./acknowledge";
import "./bell";
import { chooseStation, station } from "./station";
import { onBoard } from "./tickets";

export function KitchenBar() {
  return (
    <>
      <Stations />
      {mayOne(MAY_REPRINT) && (
        <a class="button labels-link" href={`${import.meta.env.BASE_URL}labels/`} data-testid="to-labels">
          <Icon name="note" />
          {t("page.labels")}
        </a>
      )}
      <Bell />
    </>
  );
}

function Stations() {
  const chosen = useStore(station);
  const tickets = useStore(picture, (now) => now.tickets);
  const fromFeed = useStore(picture, (now) => now.stations);
  const fromSettings = useStore(settings, (now) => now?.stations);
  const stations = fromFeed.length > 0 ? fromFeed : (fromSettings ?? []);
  const options = [{ id: "", name: t("kitchen.all") }, ...stations];
  return (
    <div class="segments stations" role="radiogroup" aria-label={t("kitchen.station")}>
      {options.map(({ id, name }) => (
        <button
          key={id}
          type="button"
          role="radio"
          aria-checked={id === chosen}
          data-testid={`station-${id || "all"}`}
          onClick={() => chooseStation(id)}
        >
          {name}
          <span class="count">{onBoard(tickets, id).length}</span>
        </button>
      ))}
    </div>
  );
}

function Bell() {
  const waiting = useStore(unseen);
  const heard = useStore(audible);
  if (waiting.size > 0) {
    return (
      <button type="button" class="bell ringing" data-testid="bell" onClick={() => acknowledge(waiting)}>
        <Icon name="bell" />
        <span>
          {tn("kitchen.new", waiting.size)}
          <small>{t(heard ? "kitchen.silence" : "kitchen.enableSound")}</small>
        </span>
      </button>
    );
  }
  return heard ? (
    <span class="bell" title={t("kitchen.soundOn")}>
      <Icon name="sound" />
      <span class="unseen">{t("kitchen.soundOn")}</span>
    </span>
  ) : (
    <button type="button" class="bell" data-testid="enable-sound" onClick={enableSound}>
      <Icon name="mute" />
      {t("kitchen.enableSound")}
    </button>
  );
}
