// Asks why, before something is done that is written down with its reason: a tap on one of the usual ones, or
// words of one's own.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write, writes } from "../state/write";
import { Dialog } from "./Dialog";
import { Trouble } from "./Trouble";

const REASON_LIMIT = 200;

export interface ReasonDialogProps<T> {
  title: string;
  /** What the button says. */
  confirm: string;
  presets: readonly string[];
  /** What is written, e.g. `cancel:<job>`; one write at a time. */
  subject: string;
  /** What else must be chosen first. */
  ready?: boolean;
  send: (reason: string, key: string) => Promise<T>;
  onDone: (answer: T) => void;
  onClose: () => void;
  children?: ComponentChildren;
}

export function ReasonDialog<T>(props: ReasonDialogProps<T>) {
  const { title, confirm, presets, subject, ready = true, send, onDone, onClose, children } = props;
  const [reason, setReason] = useState("");
  const busy = useWrite(subject)?.state === "sending";
  useEffect(() => {
    // What was refused last time is not what is asked now.
    if (writes.get().get(subject)?.state === "refused") forget(subject);
  }, [subject]);
  const say = (text: string) => {
    // Another reason is another command: it must not go under the key of the one before.
    if (!busy) forget(subject);
    setReason(text);
  };
  const given = reason.trim();
  const give = async () => {
    if (given === "" || !ready) return;
    const done = await write(subject, (key) => send(given, key).then((answer) => ({ answer })));
    if (done) onDone(done.answer);
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      foot={
        <button
          type="button"
          class="primary big"
          data-testid="reason-give"
          disabled={given === "" || !ready || busy}
          aria-busy={busy}
          onClick={() => void give()}
        >
          {busy ? t("sending") : confirm}
        </button>
      }
    >
      {children}
      <div class="field">
        <span id="reason-label">{t("reason.why")}</span>
        <div class="choices" role="group" aria-labelledby="reason-label">
          {presets.map((preset) => (
            <button key={preset} type="button" aria-pressed={given === preset} disabled={busy} onClick={() => say(preset)}>
              {preset}
            </button>
          ))}
        </div>
        <input
          aria-labelledby="reason-label"
          placeholder={t("reason.own")}
          maxLength={REASON_LIMIT}
          value={presets.includes(reason) ? "" : reason}
          readOnly={busy}
          data-testid="reason-text"
          onInput={(event) => say(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && void give()}
        />
      </div>
      <Trouble subject={subject} testId="reason-trouble" />
    </Dialog>
  );
}
