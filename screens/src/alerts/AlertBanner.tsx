// Above every page that listens: what is serious and nobody has seen yet, with a button that says "I have". What was
// seen and goes on is a quieter line. It sounds until somebody comes.
import { acknowledgeAlert } from "../api/calls";
import { may } from "../api/session";
import type { Alert } from "../api/types";
import { t, tn, word } from "../i18n";
import { picture } from "../live/live";
import { withAlert } from "../live/picture";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { clock } from "../ui/format";
import { Icon } from "../ui/icons";
import { isSerious, isUnseen, MAY_ACKNOWLEDGE, textOf, toneOf, worstFirst } from "./alerts";
import "./banner.css";
import "./sound";

const SHOWN = 2;

export function AlertBanner() {
  const alerts = useStore(picture, (now) => now.alerts);
  const serious = worstFirst([...alerts.values()].filter(isSerious));
  const unseen = serious.filter(isUnseen);
  const going = serious.filter(({ state }) => state === "active_acknowledged");
  if (unseen.length + going.length === 0) return null;
  const more = unseen.length - SHOWN;
  return (
    <div data-testid="alert-banner">
      {unseen.slice(0, SHOWN).map((alert) => (
        <Line key={alert.id} alert={alert} />
      ))}
      {more > 0 && (
        <a class="banner bad" href={`${import.meta.env.BASE_URL}alerts/`}>
          <Icon name="bell" />
          <strong>{tn("alert.more", more)}</strong>
        </a>
      )}
      {going.length > 0 && (
        <a class="banner hint" href={`${import.meta.env.BASE_URL}alerts/`} data-testid="alert-going">
          <Icon name="check" />
          <span class="banner-list">
            <strong>{tn("alert.going", going.length)}</strong>
            <span class="banner-more">{textOf(going[0]!)}</span>
          </span>
        </a>
      )}
    </div>
  );
}

function Line({ alert }: { alert: Alert }) {
  const subject = `acknowledge:${alert.id}`;
  const now = useWrite(subject);
  const busy = now?.state === "sending";
  const acknowledge = async () => {
    const answer = await write(subject, (key) => acknowledgeAlert(alert.id, "", key));
    // The feed tells all screens; this one need not wait for it.
    if (answer) picture.update((known) => withAlert(known, answer));
  };
  return (
    <div class={`banner alert ${toneOf(alert)}`} role="alert" data-testid={`alert-${alert.id}`}>
      <Icon name={alert.category === "temperature_violation" ? "thermometer" : "alert"} />
      <a class="banner-list" href={`${import.meta.env.BASE_URL}alerts/#${alert.id}`}>
        <strong>
          {word("severity", alert.severity)}: {textOf(alert)}
        </strong>
        <span class="banner-more">
          {t("alert.since", { since: clock(alert.at) })}
          {alert.state === "returned_unacknowledged" && alert.category !== "security" && ` · ${t("alert.over")}`}
          {alert.level > 0 && ` · ${t(alert.level === 1 ? "alert.called.1" : "alert.called.2")}`}
          {now && !busy && ` · ${now.message || t("noAnswer")}`}
        </span>
      </a>
      {may(MAY_ACKNOWLEDGE) && (
        <button type="button" disabled={busy} aria-busy={busy} data-testid={`seen-${alert.id}`} onClick={() => void acknowledge()}>
          <Icon name="check" />
          {t(busy ? "sending" : "alert.acknowledge")}
        </button>
      )}
    </div>
  );
}
