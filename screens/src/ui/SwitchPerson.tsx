// The next person at a shared screen: a name and a PIN. The page goes on as it is, with what it kept (a waiter's
// draft, an unsaved layout); when that person's hour is over, the screen asks for a login again.
import { useState } from "preact/hooks";
import { loginByPin } from "../api/calls";
import { Refusal } from "../api/client";
import { begin, session } from "../api/session";
import { t } from "../i18n";
import { useStore } from "../state/store";
import { Dialog } from "./Dialog";
import { Icon } from "./icons";
import { people, rememberPerson } from "./people";
import { PinPad, SHORTEST_PIN } from "./PinPad";

function whyNot(error: unknown): string {
  if (!(error instanceof Refusal)) return t("login.unreachable");
  if (error.status === 401) return t("switch.wrong");
  return error.status === 429 ? t("login.braked") : error.message;
}

export function SwitchPerson({ onClose }: { onClose: () => void }) {
  const here = useStore(session, (now) => now?.person.name);
  const known = useStore(people).filter(({ name }) => name !== here);
  const [login, setLogin] = useState("");
  const [pin, setPin] = useState("");
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState("");
  const ready = login.trim() !== "" && pin.length >= SHORTEST_PIN && !busy;

  const submit = async () => {
    if (!ready) return;
    setBusy(true);
    setMessage("");
    try {
      const answer = await loginByPin(login.trim(), pin);
      rememberPerson(login.trim(), answer.person.name);
      // Begins the page anew, and with it this dialog ends.
      begin(answer);
    } catch (error) {
      setBusy(false);
      setPin("");
      setMessage(whyNot(error));
    }
  };
  const change = (digits: string) => {
    setPin(digits);
    setMessage("");
  };

  return (
    <Dialog title={t("switch.title")} onClose={onClose}>
      <div class="switch-person">
        <div class="switch-who">
          <label class="field">
            <span>{t("login.name")}</span>
            <input
              value={login}
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              readOnly={busy}
              data-testid="switch-login"
              onInput={(event) => setLogin(event.currentTarget.value)}
            />
          </label>
          {known.length > 0 && (
            <div class="choices" role="group" aria-label={t("switch.lately")}>
              {known.map((person) => (
                <button
                  key={person.login}
                  type="button"
                  aria-pressed={person.login === login}
                  disabled={busy}
                  onClick={() => setLogin(person.login)}
                >
                  {person.name}
                </button>
              ))}
            </div>
          )}
          <p class="switch-note">{t("switch.more")}</p>
          {message && (
            <p class="message bad" role="alert" data-testid="switch-message">
              <Icon name="alert" />
              {message}
            </p>
          )}
        </div>
        <PinPad pin={pin} busy={busy} ready={ready} onChange={change} onDone={() => void submit()} />
      </div>
    </Dialog>
  );
}
