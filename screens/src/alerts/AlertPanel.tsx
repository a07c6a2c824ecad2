// One alert: what happened to it, and what this person may do.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { acknowledgeAlert, closeAlert, shelveAlert, unshelveAlert } from "../api/calls";
import { may } from "../api/session";
import type { Alert, AlertWord } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { picture } from "../live/live";
import { withAlert } from "../live/picture";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { moment, span } from "../ui/format";
import { Icon } from "../ui/icons";
import { ReasonDialog } from "../ui/ReasonDialog";
import { Segments } from "../ui/Segments";
import { Trouble } from "../ui/Trouble";
import { isUnseen, MAY_ACKNOWLEDGE, MAY_MANAGE, textOf, toneOf } from "./alerts";

const COMMENT_LIMIT = 500;
/** Minutes. */
const SHELVES = ["30", "120", "480"] as const;

type Asking = "shelve" | "close" | null;

const show = (answer: Alert | undefined) => answer && picture.update((known) => withAlert(known, answer));

export function AlertPanel({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const [asking, ask] = useState<Asking>(null);
  const open = alert.state !== "closed";
  return (
    <section class="alert-panel" aria-label={textOf(alert)}>
      <header class={toneOf(alert)}>
        <div>
          <span class="alert-severity">{word("severity", alert.severity)}</span>
          <h2>{textOf(alert)}</h2>
          <p data-testid="alert-state">{word("alertState", alert.state)}</p>
        </div>
        <button type="button" class="quiet" aria-label={t("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <History alert={alert} />
      {open && may(MAY_ACKNOWLEDGE) && <Acknowledge alert={alert} />}
      {open && alert.needsAction && (
        <p class="message warn">
          <a href={`${import.meta.env.BASE_URL}safety/#records`}>{t("alert.needsAction")}</a>
        </p>
      )}
      {open && may(MAY_MANAGE) && (
        <div class="alert-steps">
          {alert.state === "shelved" ? (
            <Unshelve alert={alert} />
          ) : (
            <button type="button" data-testid="shelve" onClick={() => ask("shelve")}>
              <Icon name="clock" />
              {t("alert.shelve")}
            </button>
          )}
          {!alert.needsAction && (
            <button type="button" data-testid="close-alert" onClick={() => ask("close")}>
              <Icon name="check" />
              {t("alert.close")}
            </button>
          )}
        </div>
      )}
      {asking === "shelve" && <ShelveDialog alert={alert} onClose={() => ask(null)} />}
      {asking === "close" && (
        <ReasonDialog
          title={t("alert.close")}
          confirm={t("alert.close")}
          presets={[t("alert.why.repaired"), t("alert.why.false"), t("alert.why.known")]}
          subject={`close:${alert.id}`}
          send={(comment, key) => closeAlert(alert.id, comment, key)}
          onDone={(answer) => {
            show(answer);
            ask(null);
          }}
          onClose={() => ask(null)}
        />
      )}
    </section>
  );
}

function Acknowledge({ alert }: { alert: Alert }) {
  const [comment, setComment] = useState("");
  const subject = `acknowledge:${alert.id}`;
  const busy = useWrite(subject)?.state === "sending";
  const unseen = isUnseen(alert);
  const acknowledge = async () => {
    const answer = await write(subject, (key) => acknowledgeAlert(alert.id, comment.trim(), key));
    show(answer);
    if (answer) setComment("");
  };
  return (
    <div class="alert-acknowledge">
      <label class="field">
        <span>{t("alert.comment")}</span>
        <textarea
          rows={2}
          maxLength={COMMENT_LIMIT}
          value={comment}
          readOnly={busy}
          data-testid="alert-comment"
          onInput={(event) => setComment(event.currentTarget.value)}
        />
      </label>
      <button
        type="button"
        class="primary big"
        disabled={busy || (!unseen && comment.trim() === "")}
        aria-busy={busy}
        data-testid="acknowledge"
        onClick={() => void acknowledge()}
      >
        {t(busy ? "sending" : unseen ? "alert.acknowledge" : "alert.addComment")}
      </button>
      <Trouble subject={subject} testId="acknowledge-trouble" />
    </div>
  );
}

function Unshelve({ alert }: { alert: Alert }) {
  const subject = `unshelve:${alert.id}`;
  const busy = useWrite(subject)?.state === "sending";
  return (
    <button
      type="button"
      disabled={busy}
      data-testid="unshelve"
      onClick={() => void write(subject, (key) => unshelveAlert(alert.id, key)).then(show)}
    >
      <Icon name="bell" />
      {t("alert.unshelve")}
    </button>
  );
}

function ShelveDialog({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const [minutes, setMinutes] = useState<(typeof SHELVES)[number]>("30");
  return (
    <ReasonDialog
      title={t("alert.shelve")}
      confirm={t("alert.shelve")}
      presets={[t("alert.why.moving"), t("alert.why.cleaning"), t("alert.why.repair")]}
      subject={`shelve:${alert.id}`}
      send={(why, key) => shelveAlert(alert.id, new Date(boxNow() + Number(minutes) * 60_000), why, key)}
      onDone={(answer) => {
        show(answer);
        onClose();
      }}
      onClose={onClose}
    >
      <Segments
        label={t("alert.howLong")}
        value={minutes}
        options={SHELVES.map((value) => ({ value, text: span(Number(value) * 60_000) }))}
        onChoose={setMinutes}
      />
    </ReasonDialog>
  );
}

function History({ alert }: { alert: Alert }) {
  const now = boxNow();
  const person = ({ byName }: AlertWord) => byName ?? t("alert.theBox");
  return (
    <ol class="alert-history">
      <Entry at={alert.at}>{t("alert.began")}</Entry>
      {alert.lateSeconds != null && (
        <Entry at={alert.raisedAt}>{t("alert.late", { span: span(alert.lateSeconds * 1000) })}</Entry>
      )}
      {alert.times > 1 && <Entry at={alert.activatedAt}>{t("alert.times", { n: alert.times })}</Entry>}
      {alert.acknowledgements.map((seen) => (
        <Entry key={seen.at} at={seen.at}>
          {t("alert.seenBy", { name: person(seen) })}
          {seen.comment && <q>{seen.comment}</q>}
        </Entry>
      ))}
      {alert.escalatedAt && (
        <Entry at={alert.escalatedAt}>{t(alert.level === 1 ? "alert.called.1" : "alert.called.2")}</Entry>
      )}
      {alert.returnedAt && alert.category !== "security" && <Entry at={alert.returnedAt}>{t("alert.over")}</Entry>}
      {alert.shelved && (
        <li>
          <Icon name="clock" />
          <span>
            {t("alert.shelvedBy", { name: alert.shelved.byName ?? t("alert.theBox"), until: moment(alert.shelved.until, now) })}
            <q>{alert.shelved.why}</q>
          </span>
        </li>
      )}
      {alert.suppressedBy && <li>{t("alert.suppressedBy", { why: word("suppressed", alert.suppressedBy) })}</li>}
      {alert.outOfService && (
        <li>
          {t("alert.outOfService")}
          <q>{alert.outOfService}</q>
        </li>
      )}
      {alert.closed && (
        <Entry at={alert.closed.at}>
          {t("alert.closedBy", { name: person(alert.closed) })}
          {alert.closed.comment && <q>{alert.closed.comment}</q>}
        </Entry>
      )}
    </ol>
  );
}

function Entry({ at, children }: { at: string; children: ComponentChildren }) {
  return (
    <li>
      <time dateTime={at}>{moment(at, boxNow())}</time>
      <span>{children}</span>
    </li>
  );
}
