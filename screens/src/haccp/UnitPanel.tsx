// One unit's page: how it is now, its history with limits, excursions and gaps, and what is known of it.
import { useEffect, useState } from "preact/hooks";
import { probeHistory } from "../api/calls";
import { Refusal } from "../api/client";
import { breaches as askBreaches } from "../api/safety";
import { may } from "../api/session";
import type { Breach, History, Probe } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { usePoll } from "../state/poll";
import { clock, moment, span } from "../ui/format";
import { Icon } from "../ui/icons";
import { Segments } from "../ui/Segments";
import { degrees, limitsText } from "../ui/temperature";
import { Chart } from "./Chart";
import { Calibrations, Equipment, Excursions, Facts } from "./UnitSections";
import { gapsOf } from "./series";
import { useAround } from "./surroundings";
import { UnitDialog } from "./UnitDialog";
import { Age, ClauseLine, Marks, stateText, UnitValue } from "./UnitTile";

const HOUR_MS = 3_600_000;
const REFRESH_MS = 30_000;
const GAPS_SHOWN = 6;

/** Hours, and minutes to a point. */
const RANGES = { "1": 1, "4": 1, "24": 1, "168": 10, "720": 60 } as const;
type Range = keyof typeof RANGES;
const RANGE_NAMES: Record<Range, () => string> = {
  "1": () => t("haccp.hours", { n: 1 }),
  "4": () => t("haccp.hours", { n: 4 }),
  "24": () => t("haccp.day"),
  "168": () => t("haccp.week"),
  "720": () => t("haccp.month"),
};

export function UnitPanel({ probe, onClose }: { probe: Probe; onClose: () => void }) {
  const [hours, setHours] = useState<Range>("4");
  const [editing, setEditing] = useState(false);
  const { history, message } = useHistory(probe.id, hours);
  const { known, limits } = useAround(probe);
  const past = usePoll(askBreaches, { everyMs: REFRESH_MS });
  useEffect(() => {
    if (past.value !== null) past.again();
  }, [probe.breach?.id]);
  const excursions = past.value?.breaches.filter((breach) => breach.probeId === probe.id) ?? [];
  return (
    <section class="panel" aria-label={probe.name}>
      <header class="panel-head">
        <h2>{probe.name}</h2>
        {may("haccp.configure") && (
          <button type="button" data-testid="edit-unit" onClick={() => setEditing(true)}>
            {t("haccp.edit")}
          </button>
        )}
        <button type="button" class="quiet" aria-label={t("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class={`panel-now ${probe.state}`}>
        <UnitValue probe={probe} />
        <div>
          <strong>{stateText(probe)}</strong>
          <small>
            {limitsText(limits) || t(known ? "haccp.noLimits" : "haccp.limitsUnknown")} · <Age probe={probe} />
          </small>
        </div>
        {probe.breach && (
          <p>
            {t("breach.tile", { since: clock(probe.breach.openedAt), first: degrees(probe.breach.peakMilliC, limits) })}
          </p>
        )}
        <Marks probe={probe} />
      </div>
      <ClauseLine probe={probe} />
      <Segments
        label={t("haccp.range")}
        value={hours}
        options={(Object.keys(RANGES) as Range[]).map((value) => ({ value, text: RANGE_NAMES[value]() }))}
        onChoose={setHours}
      />
      {message && <p class="message warn">{message}</p>}
      {!history && !message && <p class="soft">{t("loading")}</p>}
      {history && <Chart history={history} limits={limits} shades={shadesOf(excursions, history)} />}
      {history && <Gaps history={history} />}
      <Excursions probe={probe} past={past} excursions={excursions} />
      <Calibrations probe={probe} />
      <Equipment probe={probe} />
      <Facts probe={probe} />
      {editing && <UnitDialog probe={probe} onClose={() => setEditing(false)} />}
    </section>
  );
}

function shadesOf(excursions: Breach[], history: History) {
  const now = Math.min(boxNow(), Date.parse(history.to));
  return excursions
    .map(({ openedAt, closedAt, cause, kind }) => ({
      from: Date.parse(openedAt) / 1000,
      to: (closedAt == null ? now : Date.parse(closedAt)) / 1000,
      text: cause ? word("cause", cause) : t(kind === "low" ? "haccp.tooCold" : "haccp.tooWarm"),
    }))
    .filter(({ to }) => to * 1000 > Date.parse(history.from));
}

function useHistory(id: string, range: Range): { history: History | null; message: string } {
  const [history, setHistory] = useState<History | null>(null);
  const [message, setMessage] = useState("");
  useEffect(() => {
    let left = false;
    // What is shown must be of the range that is chosen.
    setHistory(null);
    setMessage("");
    const load = async () => {
      const to = boxNow();
      try {
        const answer = await probeHistory(id, new Date(to - Number(range) * HOUR_MS), new Date(to), RANGES[range]);
        if (left) return;
        setHistory(answer);
        setMessage("");
      } catch (error) {
        if (!left) setMessage(error instanceof Refusal ? error.message : t("haccp.noHistory"));
      }
    };
    void load();
    const timer = setInterval(() => void load(), REFRESH_MS);
    return () => {
      left = true;
      clearInterval(timer);
    };
  }, [id, range]);
  return { history, message };
}

function Gaps({ history }: { history: History }) {
  const gaps = gapsOf(history);
  if (gaps.length === 0) return null;
  const now = boxNow();
  const when = (seconds: number) => moment(new Date(seconds * 1000).toISOString(), now);
  return (
    <ul class="gaps" aria-label={t("haccp.gaps")} data-testid="gaps">
      {gaps.slice(-GAPS_SHOWN).map((gap) => (
        <li key={gap.from}>
          <span class="state none">{t("haccp.noData")}</span>
          {when(gap.from)}–{when(gap.to)} ({span((gap.to - gap.from) * 1000)})
          {gap.reason && `: ${word("reason", gap.reason)}`}
        </li>
      ))}
      {gaps.length > GAPS_SHOWN && <li class="soft">{t("haccp.moreGaps", { n: gaps.length - GAPS_SHOWN })}</li>}
    </ul>
  );
}
