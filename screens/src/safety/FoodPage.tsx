// Food that cools, and food that stands without temperature control. The box says how long is left, by the clock on the
// wall and by its own running time, whichever is less; between two answers the screen counts down.
import { useState } from "preact/hooks";
import { coolingRuns, plan as askPlan, timers as askTimers } from "../api/safety";
import { may } from "../api/session";
import { t } from "../i18n";
import { useStore } from "../state/store";
import { picture } from "../live/live";
import { Icon } from "../ui/icons";
import { PollTrouble } from "../ui/Trouble";
import { CoolingCard } from "./CoolingCard";
import { useFollow } from "./follow";
import { NoPlan } from "./NoPlan";
import type { Plan } from "./plan";
import { StartCooling, StartTimer } from "./StartFood";
import { TimerCard } from "./TimerCard";

type Starting = "cooling" | "timer" | null;

export function FoodPage() {
  const [heardAt, setHeardAt] = useState(() => performance.now());
  const runs = useFollow(["cooling"], coolingRuns);
  const timers = useFollow(["timer"], askTimers, () => setHeardAt(performance.now()));
  const standing = useFollow(["plan"], askPlan);
  const probes = useStore(picture, (now) => now.probes);
  const [starting, start] = useState<Starting>(null);
  const plan = standing.value?.inForce?.plan as unknown as Plan | undefined;
  if (standing.value !== null && !plan) return <NoPlan />;
  const going = (runs.value?.runs ?? []).filter(({ outcome }) => outcome == null);
  const over = (runs.value?.runs ?? []).filter(({ outcome }) => outcome != null);
  const open = (timers.value?.timers ?? []).filter(({ state }) => state !== "served" && state !== "discarded");
  const ended = (timers.value?.timers ?? []).filter(({ state }) => state === "served" || state === "discarded");
  return (
    <div class="food">
      <PollTrouble poll={[runs, timers, standing]} />
      <section>
        <header class="section-head">
          <h2>{t("food.cooling")}</h2>
          {may("haccp.record") && (plan?.cooling?.length ?? 0) > 0 && (
            <button type="button" class="primary" data-testid="start-cooling" onClick={() => start("cooling")}>
              <Icon name="plus" />
              {t("food.startCooling")}
            </button>
          )}
        </header>
        {runs.value !== null && going.length === 0 && <p class="soft">{t("food.noCooling")}</p>}
        <ul class="food-cards">
          {going.map((run) => (
            <CoolingCard key={run.id} run={run} rule={plan?.cooling?.find(({ id }) => id === run.rule)} probe={probes.get(run.probeId ?? "")} onChanged={runs.again} />
          ))}
        </ul>
      </section>
      <section>
        <header class="section-head">
          <h2>{t("food.timers")}</h2>
          {may("haccp.record") && (plan?.timers?.length ?? 0) > 0 && (
            <button type="button" class="primary" data-testid="start-timer" onClick={() => start("timer")}>
              <Icon name="plus" />
              {t("food.startTimer")}
            </button>
          )}
        </header>
        {timers.value !== null && open.length === 0 && <p class="soft">{t("food.noTimers")}</p>}
        <ul class="food-cards">
          {open.map((timer) => (
            <TimerCard key={timer.id} timer={timer} heardAt={heardAt} rule={plan?.timers?.find(({ id }) => id === timer.rule)} onChanged={timers.again} />
          ))}
        </ul>
      </section>
      {over.length + ended.length > 0 && (
        <section>
          <h2>{t("food.over")}</h2>
          <ul class="food-cards">
            {over.map((run) => (
              <CoolingCard key={run.id} run={run} rule={plan?.cooling?.find(({ id }) => id === run.rule)} probe={probes.get(run.probeId ?? "")} onChanged={runs.again} />
            ))}
            {ended.map((timer) => (
              <TimerCard key={timer.id} timer={timer} heardAt={heardAt} rule={plan?.timers?.find(({ id }) => id === timer.rule)} onChanged={timers.again} />
            ))}
          </ul>
        </section>
      )}
      {starting === "cooling" && plan && <StartCooling plan={plan} onClose={() => start(null)} onStarted={runs.again} />}
      {starting === "timer" && plan && <StartTimer plan={plan} onClose={() => start(null)} onStarted={timers.again} />}
    </div>
  );
}
