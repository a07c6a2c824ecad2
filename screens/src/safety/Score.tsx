// The figures of compliance at a glance: the score with what it is made of, what is open and what is overdue. The score
// says nothing of the minutes that nobody knows of, so their share stands beside it.
import { compliance } from "../api/safety";
import type { Compliance, Share } from "../api/types";
import { locale, t } from "../i18n";
import { boxNow } from "../live/pulse";
import { PollTrouble } from "../ui/Trouble";
import { useFollow } from "./follow";

const WEEK_MS = 7 * 86_400_000;

export function Score() {
  const figures = useFollow(["record", "calibration", "plan"], () => compliance(new Date(boxNow() - WEEK_MS)));
  return (
    <>
      <PollTrouble poll={figures} />
      {figures.value !== null && <Figures value={figures.value} old={figures.lost || figures.refusal !== ""} />}
    </>
  );
}

/** Figures that are older than they should be have no colour of good or bad. */
function Figures({ value, old }: { value: Compliance; old: boolean }) {
  const good = (tone: boolean) => (tone ? "ok" : "bad");
  return (
    <dl class={old ? "score old" : "score"} data-testid="score">
      <Figure name={t("score.score")} big value={value.score == null ? "–" : hundredths(value.score)} tone={value.score == null ? "none" : value.score >= 9_500 ? "ok" : value.score >= 8_000 ? "warn" : "bad"} more={t("score.week")} />
      <Figure name={t("score.open")} value={String(value.openViolations)} tone={value.openViolations === 0 ? "ok" : "warn"} />
      <Figure name={t("score.overdue")} value={String(value.overdueCorrections)} tone={good(value.overdueCorrections === 0)} />
      <Figure name={t("score.inRange")} value={percent(value.readingsInRange)} tone={shareTone(value.readingsInRange)} more={t("score.coverage", { n: percent(value.coverage) })} />
      <Figure name={t("score.calibrations")} value={String(value.calibrationsDue)} tone={value.calibrationsDue === 0 ? "ok" : "warn"} />
      <Figure name={t("score.online")} value={`${value.sensorsOnline.part}/${value.sensorsOnline.of}`} tone={good(value.sensorsOnline.part === value.sensorsOnline.of)} />
    </dl>
  );
}

interface FigureProps {
  name: string;
  value: string;
  tone: string;
  more?: string;
  big?: boolean;
}

function Figure({ name, value, tone, more, big }: FigureProps) {
  return (
    <div class={big ? `figure big ${tone}` : `figure ${tone}`}>
      <dt>{name}</dt>
      <dd>{value}</dd>
      {more && <small>{more}</small>}
    </div>
  );
}

const hundredths = (score: number) => (score / 100).toLocaleString(locale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Rounded down: what is not all is never 100 %. */
const percent = ({ basisPoints }: Share) =>
  basisPoints == null ? "–" : `${(Math.floor(basisPoints / 10) / 10).toLocaleString(locale(), { maximumFractionDigits: 1 })} %`;

const shareTone = ({ basisPoints }: Share) => (basisPoints == null ? "none" : basisPoints >= 9_900 ? "ok" : basisPoints >= 9_000 ? "warn" : "bad");
