// The bar of every page: where am I, is this live, and the menu with person, language, theme and log out.
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { end, session } from "../api/session";
import { chooseLanguage, language, languageNames, t, word, type TextKey } from "../i18n";
import { connection } from "../live/live";
import { freshness } from "../live/pulse";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { Icon, Mark } from "./icons";
import { Segments } from "./Segments";
import { SwitchPerson } from "./SwitchPerson";
import { theme, themes } from "./theme";

export function TopBar({ title, children }: { title: TextKey; children?: ComponentChildren }) {
  const place = useStore(settings, (now) => now?.locationName ?? "");
  return (
    <header class="topbar">
      <a class="home" href={import.meta.env.BASE_URL} aria-label={t("page.home")}>
        <Mark />
        <span class="home-text">
          <h1>{t(title)}</h1>
          <small>{place}</small>
        </span>
      </a>
      <div class="topbar-slot">{children}</div>
      <ConnectionState />
      <button type="button" class="quiet person-button" popovertarget="screen-menu" aria-label={t("menu.open")}>
        <Icon name="person" />
      </button>
      <ScreenMenu />
    </header>
  );
}

function ConnectionState() {
  const state = useStore(connection);
  const stale = useStore(freshness, (now) => now.stale);
  const shown = state === "live" && stale ? "lost" : state;
  return (
    <span class={`connection ${shown}`} role="status" data-testid="connection">
      <span class="dot" />
      <span class="connection-text">{t(`connection.${shown}`)}</span>
    </span>
  );
}

function ScreenMenu() {
  const person = useStore(session, (now) => now?.person);
  const lang = useStore(language);
  const shade = useStore(theme);
  const shared = useStore(settings, (now) => now?.kind === "box");
  const [switching, setSwitching] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const switchPerson = () => {
    // The menu lies in the browser's top layer, above every dialog.
    menu.current?.hidePopover();
    setSwitching(true);
  };
  return (
    <>
      <div ref={menu} id="screen-menu" class="menu" popover="auto">
        <p class="menu-person">
          <strong>{person?.name}</strong>
          <small>{person && word("role", person.role)}</small>
        </p>
        <Segments
          label={t("menu.language")}
          value={lang}
          options={languageNames.map(({ id, name }) => ({ value: id, text: name }))}
          onChoose={chooseLanguage}
        />
        <Segments
          label={t("menu.theme")}
          value={shade}
          options={themes.map((value) => ({ value, text: t(`theme.${value}`) }))}
          onChoose={(value) => theme.set(value)}
        />
        {shared && (
          <button type="button" class="wide" data-testid="switch-person" onClick={switchPerson}>
            <Icon name="person" />
            {t("switch.title")}
          </button>
        )}
        <button type="button" class="wide" data-testid="logout" onClick={end}>
          {t("menu.logout")}
        </button>
      </div>
      {switching && <SwitchPerson onClose={() => setSwitching(false)} />}
    </>
  );
}
