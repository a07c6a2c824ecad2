// Food under time control: how long is left by the clock that says less, and what may be done with it.
import { useState } from "preact/hooks";
import { printLabels } from "../api/calls";
import { endTimer, measureTimer } from "../api/safety";
import { may } from "../api/session";
import type { FoodTimer, WantedLabel } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { write } from "../state/write";
import { clock, moment, stopwatch } from "../ui/format";
import { Icon } from "../ui/icons";
import { Trouble } from "../ui/Trouble";
import { useNow } from "../ui/useNow";
import { FoodStep, type FoodAsk } from "./FoodStep";
import { clauseText, shownIn, type TimerRule } from "./plan";

export interface TimerCardProps {
  timer: FoodTimer;
  /** When the box said how long is left, on this screen's running clock. */
  heardAt: number;
  rule: TimerRule | undefined;
  onChanged: () => void;
}

const WARN_MS = 30 * 60_000;
const TONES: Record<string, string> = { running: "accent", warned: "warn", expired: "bad", served: "ok", discarded: "none" };

export function TimerCard({ timer, heardAt, rule, onChanged }: TimerCardProps) {
  const [asking, ask] = useState<FoodAsk | null>(null);
  const now = useNow();
  const open = timer.state !== "served" && timer.state !== "discarded";
  // The box's answer counted down, and the deadline on the wall: the less counts, as on the box.
  const leftMs = open ? Math.max(0, Math.min(timer.leftSeconds * 1000 - (performance.now() - heardAt), Date.parse(timer.deadline) - now)) : 0;
  const state = open && leftMs === 0 ? "expired" : open && leftMs < WARN_MS && timer.state === "running" ? "warned" : timer.state;
  const scale = (rule?.startsWithin[0]?.scale ?? "C") as "C" | "F";
  const expired = state === "expired";
  return (
    <li class={`food-card timer ${state}`} data-testid={`timer-${timer.id}`} data-state={state}>
      <header>
        <strong>{timer.product}</strong>
        <span class={`state ${TONES[state] ?? "none"}`}>{word("timer", state)}</span>
      </header>
      {open && (
        <p class="food-value" data-testid="left">
          {expired ? t("timer.over") : stopwatch(leftMs)}
        </p>
      )}
      <p class="food-left">{t("timer.by", { at: clock(timer.deadline) })}</p>
      {expired && <p class="message bad">{t(timer.expired === "too_warm" ? "timer.tooWarm" : "timer.discardNow")}</p>}
      <small>
        {shownIn(timer.startMilliC, scale)} · {t("food.since", { at: moment(timer.startedAt, boxNow()) })}
        {timer.quantity && ` · ${timer.quantity}`}
        {timer.startedBy && ` · ${timer.startedBy}`}
        {rule && ` · ${clauseText(rule.source)}`}
      </small>
      {open && may("haccp.record") && (
        <div class="food-steps">
          {!expired && (
            <button type="button" class="big primary" data-testid="served" onClick={() => ask({ kind: "simple", title: t("timer.served"), send: (note, key) => endTimer(timer.id, { how: "served", note }, key) })}>
              {t("timer.served")}
            </button>
          )}
          <button type="button" class={expired ? "big primary" : "big"} data-testid="discard" onClick={() => ask({ kind: "discard", send: (quantity, note, key) => endTimer(timer.id, { how: "discarded", quantity, note }, key) })}>
            {t("food.discard")}
          </button>
          {!expired && rule?.neverBeyond && (
            <button type="button" class="big" onClick={() => ask({ kind: "measure", scale, send: (milliC, key) => measureTimer(timer.id, milliC, key) })}>
              {t("food.measure")}
            </button>
          )}
          {may("printing.reprint") && (
            <button type="button" class="big" onClick={() => void write(`label:${timer.id}`, (key) => printLabels(timer.label as unknown as WantedLabel, key))}>
              <Icon name="printer" />
              {t("food.label")}
            </button>
          )}
        </div>
      )}
      <Trouble subject={`label:${timer.id}`} />
      {asking && <FoodStep name={timer.product} subject={`food:${timer.id}`} ask={asking} onClose={() => ask(null)} onDone={onChanged} />}
    </li>
  );
}
