// One unit's history: the last hours as a curve, with its limits and its gaps.
import { useEffect, useState } from "preact/hooks";
import { probeHistory } from "../api/calls";
import { Refusal } from "../api/client";
import type { History, Probe } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { clock, span } from "../ui/format";
import { Icon } from "../ui/icons";
import { Segments } from "../ui/Segments";
import { degrees, limitsText } from "../ui/temperature";
import { Chart } from "./Chart";
import { gapsOf } from "./series";
import { Age, stateText, UnitValue } from "./UnitTile";

const HOUR_MS = 3_600_000;
const REFRESH_MS = 30_000;
const GAPS_SHOWN = 4;

export function UnitPanel({ probe, onClose }: { probe: Probe; onClose: () => void }) {
  const [hours, setHours] = useState<"4" | "24">("4");
  const { history, message } = useHistory(probe.id, Number(hours));
  return (
    <section class="panel" aria-label={probe.name}>
      <header class="panel-head">
        <h2>{probe.name}</h2>
        <Segments
          label={t("haccp.range")}
          value={hours}
          options={[
            { value: "4", text: t("haccp.hours", { n: 4 }) },
            { value: "24", text: t("haccp.hours", { n: 24 }) },
          ]}
          onChoose={setHours}
        />
        <button type="button" class="quiet" aria-label={t("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class={`panel-now ${probe.state}`}>
        <UnitValue probe={probe} />
        <div>
          <strong>{stateText(probe)}</strong>
          <small>
            {limitsText(probe)} · <Age probe={probe} />
          </small>
        </div>
        {probe.breach && (
          <p>
            {t("breach.tile", { since: clock(probe.breach.openedAt), peak: degrees(probe.breach.peakMilliC, probe) })}
          </p>
        )}
      </div>
      {message && <p class="message warn">{message}</p>}
      {history && <Chart history={history} limits={probe} />}
      {history && <Gaps history={history} />}
    </section>
  );
}

function useHistory(id: string, hours: number): { history: History | null; message: string } {
  const [history, setHistory] = useState<History | null>(null);
  const [message, setMessage] = useState("");
  useEffect(() => {
    let left = false;
    const load = async () => {
      const to = boxNow();
      try {
        const answer = await probeHistory(id, new Date(to - hours * HOUR_MS), new Date(to));
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
  }, [id, hours]);
  return { history, message };
}

function Gaps({ history }: { history: History }) {
  const gaps = gapsOf(history);
  if (gaps.length === 0) return null;
  return (
    <ul class="gaps" aria-label={t("haccp.gaps")}>
      {gaps.slice(-GAPS_SHOWN).map((gap) => (
        <li key={gap.from}>
          <span class="state none">{t("haccp.noData")}</span>
          {clock(gap.from * 1000)}–{clock(gap.to * 1000)} ({span((gap.to - gap.from) * 1000)})
          {gap.reason && `: ${word("reason", gap.reason)}`}
        </li>
      ))}
    </ul>
  );
}
