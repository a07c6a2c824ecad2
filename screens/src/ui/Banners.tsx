// What must be seen before anything else, above the page and above its dialogs:
// the picture is old, a unit is out of its limits, the clock can't be trusted, and what the page adds.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { AlertBanner } from "../alerts/AlertBanner";
import { isUnseen } from "../alerts/alerts";
import { t } from "../i18n";
import type { Breach } from "../api/types";
import { liveProblem, picture, timeQuality } from "../live/live";
import { freshness } from "../live/pulse";
import { useStore } from "../state/store";
import { clock } from "./format";
import { Icon } from "./icons";
import { degrees, exactDegrees } from "./temperature";

const BREACHES_SHOWN = 2;

export function Banners({ listens, children }: { listens: boolean; children?: ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // Dialogs keep below: a title must not lie behind a banner.
    const resized = new ResizeObserver(([entry]) =>
      document.documentElement.style.setProperty("--banners", `${Math.ceil(entry!.contentRect.height)}px`),
    );
    resized.observe(place.current!);
    return () => resized.disconnect();
  }, []);
  return (
    <div class="banners" ref={place}>
      <StaleBanner />
      {listens && <ProblemBanner />}
      {listens && <AlertBanner />}
      {listens && <BreachBanner />}
      {children}
      <TimeBanner />
    </div>
  );
}

function StaleBanner() {
  const fresh = useStore(freshness);
  if (!fresh.stale) return null;
  const text = t(fresh.any ? "stale.old" : "stale.none", { n: fresh.seconds });
  return (
    <div class="banner stale" role="alert" data-testid="stale-banner">
      <Icon name="offline" />
      <strong>{text}</strong>
      <span class="banner-more">{t("stale.trying")}</span>
    </div>
  );
}

function ProblemBanner() {
  const problem = useStore(liveProblem);
  if (problem === null) return null;
  return (
    <div class="banner warn" role="alert">
      <Icon name="alert" />
      <strong>{t("live.refused")}</strong>
      <span class="banner-more">{problem.detail || problem.title}</span>
    </div>
  );
}

function BreachBanner() {
  const breaches = useStore(picture, (now) => now.breaches);
  const alerts = useStore(picture, (now) => now.alerts);
  // What an alert tells of already is not told twice.
  const told = (breach: Breach) =>
    [...alerts.values()].some((a) => a.about === breach.probeId && a.category === "temperature_violation" && isUnseen(a));
  const untold = [...breaches.values()].filter((breach) => !told(breach));
  if (untold.length === 0) return null;
  const list = untold.sort((a, b) => a.openedAt.localeCompare(b.openedAt));
  const more = list.length - BREACHES_SHOWN;
  return (
    <div role="alert" data-testid="breach-banner">
      <a class="banner bad" href={`${import.meta.env.BASE_URL}haccp/#${list[0]!.probeId}`}>
        <Icon name="thermometer" />
        <span class="banner-list">
          {list.slice(0, BREACHES_SHOWN).map((breach) => (
            <BreachText key={breach.id} breach={breach} />
          ))}
          {more > 0 && <span class="banner-more">{t("breach.more", { n: more })}</span>}
        </span>
      </a>
    </div>
  );
}

function BreachText({ breach }: { breach: Breach }) {
  const limit = breach.kind === "high" ? { maxMilliC: breach.limitMilliC } : { minMilliC: breach.limitMilliC };
  return (
    <span>
      <strong>{t(breach.kind === "high" ? "breach.high" : "breach.low", { name: breach.probeName })}</strong>{" "}
      <span class="banner-more">
        {t("breach.detail", {
          since: clock(breach.openedAt),
          first: degrees(breach.peakMilliC, limit),
          limit: exactDegrees(breach.limitMilliC),
        })}
      </span>
    </span>
  );
}

function TimeBanner() {
  const quality = useStore(timeQuality);
  if (quality !== "unset") return null;
  return (
    <div class="banner warn" role="status" data-testid="time-banner">
      <Icon name="clock" />
      <strong>{t("time.unset")}</strong>
      <span class="banner-more">{t("time.unset.more")}</span>
    </div>
  );
}
