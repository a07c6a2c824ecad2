// An order's receipt, on paper or by mail, and the drawer of the till.
import { useEffect, useState } from "preact/hooks";
import { mailReceipt, printReceipt } from "../api/calls";
import { mayOne } from "../api/session";
import type { Order } from "../api/types";
import { t } from "../i18n";
import { picture } from "../live/live";
import { DrawerDialog, mayHaveDrawer } from "../printers/DrawerDialog";
import { MAY_OPEN_DRAWERS } from "../printers/permissions";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { forget, write, writes } from "../state/write";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/icons";
import { Trouble } from "../ui/Trouble";

export function Receipt({ order }: { order: Order }) {
  const printers = useStore(picture, (now) => now.printers).filter(mayHaveDrawer);
  const [asking, setAsking] = useState<"mail" | "drawer" | null>(null);
  const [done, setDone] = useState("");
  const printing = `receipt:${order.id}`;
  const busy = useWrite(printing)?.state === "sending";
  const print = async () => {
    setDone("");
    const answer = await write(printing, (key) => printReceipt(order.id, key));
    if (answer) setDone(t("receipt.printing", { printer: answer.job.printer }));
  };
  const close = () => setAsking(null);
  return (
    <section class="receipt" aria-label={t("receipt.title")}>
      <h3>{t("receipt.title")}</h3>
      <div class="receipt-actions">
        <button type="button" disabled={busy} data-testid="receipt-print" onClick={() => void print()}>
          <Icon name="receipt" />
          {t(busy ? "sending" : "receipt.print")}
        </button>
        <button type="button" data-testid="receipt-mail" onClick={() => setAsking("mail")}>
          <Icon name="mail" />
          {t("receipt.mail")}
        </button>
        {mayOne(MAY_OPEN_DRAWERS) && printers.length > 0 && (
          <button type="button" data-testid="open-drawer" onClick={() => setAsking("drawer")}>
            <Icon name="drawer" />
            {t("drawer.open")}
          </button>
        )}
      </div>
      <Trouble subject={printing} testId="receipt-trouble" />
      {done && (
        <p class="message ok" role="status" data-testid="receipt-done">
          <Icon name="check" />
          {done}
        </p>
      )}
      {asking === "mail" && (
        <MailDialog
          order={order}
          onDone={(email) => {
            setDone(t("receipt.mailed", { email }));
            close();
          }}
          onClose={close}
        />
      )}
      {asking === "drawer" && <DrawerDialog printers={printers} onClose={close} />}
    </section>
  );
}

interface MailDialogProps {
  order: Order;
  onDone: (email: string) => void;
  onClose: () => void;
}

function MailDialog({ order, onDone, onClose }: MailDialogProps) {
  const [email, setEmail] = useState("");
  const subject = `mail:${order.id}`;
  const busy = useWrite(subject)?.state === "sending";
  useEffect(() => {
    // What was refused last time is not what is asked now.
    if (writes.get().get(subject)?.state === "refused") forget(subject);
  }, [subject]);
  const given = email.trim();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (await write(subject, (key) => mailReceipt(order.id, given, key).then(() => true))) onDone(given);
  };
  return (
    <Dialog title={t("receipt.mailTitle", { number: order.orderNumber })} onClose={onClose}>
      <form class="mail-form" onSubmit={(event) => void submit(event)}>
        <label class="field">
          <span>{t("receipt.address")}</span>
          <input
            type="email"
            inputMode="email"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            required
            value={email}
            readOnly={busy}
            data-testid="mail-address"
            onInput={(event) => {
              // Another address is another command: it must not go under the key of the one before.
              if (!busy) forget(subject);
              setEmail(event.currentTarget.value);
            }}
          />
        </label>
        <Trouble subject={subject} testId="mail-trouble" />
        <button type="submit" class="primary big" disabled={busy || given === ""} aria-busy={busy} data-testid="mail-send">
          {t(busy ? "sending" : "receipt.send")}
        </button>
      </form>
    </Dialog>
  );
}
