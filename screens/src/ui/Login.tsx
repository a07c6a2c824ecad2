// The login form: shown by any page when there is no session, or the server ended it.
import { useState } from "preact/hooks";
import { login } from "../api/calls";
import { Refusal } from "../api/client";
import { begin } from "../api/session";
import { chooseLanguage, language, languageNames, t, type TextKey } from "../i18n";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { Icon, Mark } from "./icons";
import { rememberPerson } from "./people";
import { Segments } from "./Segments";

function whyNot(error: unknown): string {
  if (!(error instanceof Refusal)) return t("login.unreachable");
  if (error.status === 401) return t("login.wrong");
  return error.status === 429 ? t("login.braked") : error.message;
}

export function Login({ title }: { title: TextKey }) {
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState("");
  const place = useStore(settings, (now) => now?.locationName);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setMessage("");
    try {
      const name = String(form.get("login")).trim();
      const answer = await login(name, String(form.get("password")));
      rememberPerson(name, answer.person.name);
      begin(answer);
    } catch (error) {
      setBusy(false);
      setMessage(whyNot(error));
    }
  };

  return (
    <main class="login">
      <form class="login-card" onSubmit={submit}>
        <div class="login-brand">
          <Mark />
          <div>
            <h1>Trivet</h1>
            <p>{place ? `${place} · ${t(title)}` : t(title)}</p>
          </div>
        </div>
        <label class="field">
          <span>{t("login.name")}</span>
          <input name="login" data-testid="login-name" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label class="field">
          <span>{t("login.password")}</span>
          <input name="password" type="password" data-testid="login-password" autocomplete="current-password" required />
        </label>
        {message && (
          <p class="message bad" role="alert">
            <Icon name="alert" />
            {message}
          </p>
        )}
        <button type="submit" class="primary big" data-testid="login-submit" disabled={busy}>
          {t(busy ? "login.busy" : "login.submit")}
        </button>
        <Segments
          label={t("menu.language")}
          value={language.get()}
          options={languageNames.map(({ id, name }) => ({ value: id, text: name }))}
          onChoose={chooseLanguage}
        />
      </form>
    </main>
  );
}
