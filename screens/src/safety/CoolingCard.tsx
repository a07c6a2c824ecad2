// One cooling run: how warm, how long is left for the stage that runs, what the forecast says, and what may be done.
import { useState } from "preact/hooks";
import { measureCooling, settleCooling, type Settled } from "../api/safety";
import { may } from "../api/session";
import type { CoolingRun, Probe } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { clock, moment, span, stopwatch } from "../ui/format";
import { useNow } from "../ui/useNow";
import { FoodStep, type FoodAsk } from "./FoodStep";
import { clauseText, limitText, shownIn, type CoolingRule, type Limit } from "./plan";

export interface CoolingCardProps {
  run: CoolingRun;
  rule: CoolingRule | undefined;
  probe: Probe | undefined;
  onChanged: () => void;
}

const TONES: Record<string, string> = { running: "accent", passed: "ok", failed: "bad", indeterminate: "none" };

/** After a missed first stage; one that missed its total is past saving, and the box refuses. */
function mayReheat({ stages }: CoolingRun): boolean {
  const missed = stages.findIndex(({ passedAt }) => passedAt == null);
  return missed >= 0 && (stages.length === 1 || missed < stages.length - 1);
}

export function CoolingCard({ run, rule, probe, onChanged }: CoolingCardProps) {
  const [asking, ask] = useState<FoodAsk | null>(null);
  const now = useNow();
  const running = run.state === "running";
  const stage = running ? run.stages.find(({ passedAt }) => passedAt == null) : undefined;
  const scale = (run.stages[0]?.to.scale ?? "C") as "C" | "F";
  const settle = (settled: Settled, key: string) => settleCooling(run.id, settled, key);
  const open = run.outcome == null;
  return (
    <li class={`food-card ${open ? run.state : "settled"} ${run.warnedPercent != null && running ? "warned" : ""}`} data-testid={`cooling-${run.id}`} data-state={run.outcome ?? run.state}>
      <header>
        <strong>{run.product}</strong>
        <span class={`state ${TONES[run.state] ?? "none"}`}>{word("cooling", run.outcome ?? run.state)}</span>
      </header>
      <p class="food-value">
        {run.lastMilliC == null ? "– –" : shownIn(run.lastMilliC, scale, stage?.to as Limit | undefined)}
        {run.lastAt && open && <small>{t("ago", { span: span(now - Date.parse(run.lastAt)) })}</small>}
      </p>
      {stage?.deadline && (
        <p class="food-left">
          <b data-testid="left">{stopwatch(Date.parse(stage.deadline) - now)}</b>{" "}
          {t("cooling.until", { limit: limitText(stage.to), at: clock(stage.deadline) })}
        </p>
      )}
      {stage && !stage.deadline && <p class="food-left">{t("cooling.notYet")}</p>}
      <ol class="stages">
        {run.stages.map((one) => (
          <li key={one.withinMinutes} class={one.passedAt ? "passed" : ""}>
            {limitText(one.to)} · {t("cooling.within", { hours: one.withinMinutes / 60 })}
            {one.passedAt && ` · ${t("cooling.passedAt", { at: clock(one.passedAt) })}`}
          </li>
        ))}
      </ol>
      {running && run.warnedPercent != null && (
        <p class="message bad" data-testid="forecast">
          {run.forecastAt ? t("cooling.forecast", { at: clock(run.forecastAt) }) : t("cooling.forecastNever")}
        </p>
      )}
      {run.doubt && open && (
        <p class="message warn">
          {t("cooling.doubt", { why: word("coolingDoubt", run.doubt) })}
        </p>
      )}
      <small>
        {probe?.name ?? t("food.byHand")} · {t("food.since", { at: moment(run.beganAt, boxNow()) })}
        {run.startedBy && ` · ${run.startedBy}`}
        {rule && ` · ${clauseText(rule.source)}`}
      </small>
      {open && may("haccp.record") && (
        <div class="food-steps">
          {running && (
            <button type="button" class="big" data-testid="measure" onClick={() => ask({ kind: "measure", scale, send: (milliC, key) => measureCooling(run.id, milliC, key) })}>
              {t("food.measure")}
            </button>
          )}
          {run.state === "passed" && (
            <button type="button" class="big primary" data-testid="keep" onClick={() => ask({ kind: "simple", title: t("cooling.keep"), send: (note, key) => settle({ outcome: "kept", note }, key) })}>
              {t("cooling.keep")}
            </button>
          )}
          {run.state === "failed" && mayReheat(run) && (
            <button type="button" class="big" onClick={() => ask({ kind: "reheat", scale, send: (milliC, key) => settle({ outcome: "reheated", milliC }, key) })}>
              {t("cooling.reheat")}
            </button>
          )}
          <button type="button" class="big" data-testid="discard" onClick={() => ask({ kind: "discard", send: (quantity, note, key) => settle({ outcome: "discarded", quantity, note }, key) })}>
            {t("food.discard")}
          </button>
        </div>
      )}
      {asking && <FoodStep name={run.product} subject={`food:${run.id}`} ask={asking} onClose={() => ask(null)} onDone={onChanged} />}
    </li>
  );
}
