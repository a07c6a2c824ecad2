// What every page starts with: the session, the live picture, the frame around the page.
import { render, type ComponentType } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { session } from "../api/session";
import { language, t, type TextKey } from "../i18n";
import { startLive, type Wants } from "../live/live";
import { loadSettings } from "../state/settings";
import { useStore } from "../state/store";
import { Banners } from "./Banners";
import { Login } from "./Login";
import { TopBar } from "./TopBar";
import "./theme";
import "./css/tokens.css";
import "./css/base.css";
import "./css/controls.css";
import "./css/frame.css";
import "./css/people.css";

export interface PageOptions {
  title: TextKey;
  Page: ComponentType;
  /** What the page puts into the top bar. */
  Bar?: ComponentType;
  /** What the page puts above itself, beside the banners that all have. */
  Banner?: ComponentType;
  /** What the page listens to; a page without it asks by itself (and beats by itself). */
  wants?: () => Wants;
}

export function boot(options: PageOptions): void {
  render(<Screen {...options} />, document.getElementById("app")!);
}

function Screen(options: PageOptions) {
  const token = useStore(session, (now) => now?.token ?? null);
  const lang = useStore(language);
  document.title = `${t(options.title)} · Trivet`;
  // A change of language or person builds the page anew: no text and no state of the one before remains.
  return token === null ? <Login key={lang} title={options.title} /> : <Working key={`${lang} ${token}`} {...options} />;
}

function Working({ title, Page, Bar, Banner, wants }: PageOptions) {
  useLayoutEffect(() => {
    void loadSettings();
    return wants ? startLive(wants()) : undefined;
  }, []);
  return (
    <div class="screen">
      <Banners listens={wants !== undefined}>{Banner && <Banner />}</Banners>
      <TopBar title={title}>
        {Bar && <Bar />}
      </TopBar>
      <Page />
    </div>
  );
}
