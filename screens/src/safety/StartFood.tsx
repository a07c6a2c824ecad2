// Food begins to cool, or leaves temperature control.
import { useState } from "preact/hooks";
import { startCooling, startTimer } from "../api/safety";
import type { NewCooling, NewTimer } from "../api/types";
import { t } from "../i18n";
import { picture } from "../live/live";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { Dialog } from "../ui/Dialog";
import { Trouble } from "../ui/Trouble";
import { MilliField, milliOf } from "./MilliField";
import { clauseText, holds, limitText, scaleOf, type Plan } from "./plan";

const TEXT_LIMIT = 100;

interface StartProps {
  plan: Plan;
  onClose: () => void;
  onStarted: () => void;
}

function useForm(subject: string) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const busy = useWrite(subject)?.state === "sending";
  const set = (name: string, text: string) => {
    if (!busy) forget(subject);
    setTyped((now) => ({ ...now, [name]: text }));
  };
  const given = (name: string) => typed[name]?.trim() || undefined;
  const field = (name: string, label: string) => (
    <label class="field">
      <span>{label}</span>
      <input value={typed[name] ?? ""} maxLength={TEXT_LIMIT} readOnly={busy} data-testid={`food-${name}`} onInput={(event) => set(name, event.currentTarget.value)} />
    </label>
  );
  return { typed, busy, set, given, field };
}

interface Rule {
  id: string;
  name: string;
  more: string;
  clause: string;
}

function Rules({ rules, chosen, onChoose }: { rules: Rule[]; chosen: string; onChoose: (id: string) => void }) {
  return (
    <div class="field">
      <span>{t("food.rule")}</span>
      <div class="choices tall" role="radiogroup" aria-label={t("food.rule")}>
        {rules.map((rule) => (
          <button key={rule.id} type="button" role="radio" aria-checked={rule.id === chosen} data-testid={`rule-${rule.id}`} onClick={() => onChoose(rule.id)}>
            <span>
              {rule.name}
              <small>
                {rule.more} · {rule.clause}
              </small>
            </span>
          </button>
        ))}
      </div>
    </div>
  );
}

/** Which probe is in the food or watches it. */
function Probes({ chosen, none, onChoose }: { chosen: string | undefined; none: string; onChoose: (id: string) => void }) {
  const probes = useStore(picture, (now) => now.probes);
  const all = [...probes.values()].filter(({ retired }) => !retired);
  return (
    <div class="field">
      <span>{t("food.probe")}</span>
      <div class="choices" role="radiogroup" aria-label={t("food.probe")}>
        <button type="button" role="radio" aria-checked={chosen === undefined} onClick={() => onChoose("")}>
          {none}
        </button>
        {all.map(({ id, name }) => (
          <button key={id} type="button" role="radio" aria-checked={chosen === id} onClick={() => onChoose(id)}>
            {name}
          </button>
        ))}
      </div>
    </div>
  );
}

export function StartCooling({ plan, onClose, onStarted }: StartProps) {
  const rules = plan.cooling ?? [];
  const [rule, setRule] = useState(rules[0]?.id ?? "");
  const subject = "cooling:new";
  const form = useForm(subject);
  const ready = form.given("product") !== undefined;
  const send = async () => {
    const { given } = form;
    const body = { product: given("product")!, rule, probeId: given("probe"), lot: given("lot"), quantity: given("quantity") } as NewCooling;
    if (!ready || !(await write(subject, (key) => startCooling(body, key)))) return;
    onStarted();
    onClose();
  };
  return (
    <Dialog
      wide
      title={t("food.startCooling")}
      onClose={onClose}
      foot={
        <button type="button" class="primary big" disabled={form.busy || !ready} data-testid="food-send" onClick={() => void send()}>
          {t(form.busy ? "sending" : "food.start")}
        </button>
      }
    >
      {form.field("product", t("check.product"))}
      <Rules
        rules={rules.map(({ id, name, stages, source }) => ({
          id,
          name,
          more: stages.map(({ to, withinMinutes }) => t("food.stage", { limit: limitText(to), hours: withinMinutes / 60 })).join(", "),
          clause: clauseText(source),
        }))}
        chosen={rule}
        onChoose={setRule}
      />
      <Probes chosen={form.given("probe")} none={t("food.byHand")} onChoose={(id) => form.set("probe", id)} />
      <div class="pair">
        {form.field("quantity", t("action.quantity"))}
        {form.field("lot", t("check.lot"))}
      </div>
      <Trouble subject={subject} testId="food-trouble" />
    </Dialog>
  );
}

export function StartTimer({ plan, onClose, onStarted }: StartProps) {
  const rules = plan.timers ?? [];
  const [chosen, setChosen] = useState(rules[0]?.id ?? "");
  const [print, setPrint] = useState(true);
  const [unprinted, setUnprinted] = useState(false);
  const subject = "timer:new";
  const form = useForm(subject);
  const rule = rules.find(({ id }) => id === chosen);
  const scale = rule?.startsWithin[0]?.scale ?? scaleOf(plan);
  const text = form.typed["milli"] ?? "";
  const milliC = text.trim() === "" ? undefined : milliOf(text, scale);
  const within = milliC === undefined ? undefined : (rule?.startsWithin.some((limit) => holds(limit, milliC)) ?? false);
  const ready = form.given("product") !== undefined && milliC !== undefined;
  const send = async () => {
    if (!ready) return;
    const { given } = form;
    const body = { product: given("product")!, rule: chosen, milliC, probeId: given("probe"), lot: given("lot"), quantity: given("quantity"), print } as NewTimer;
    const started = await write(subject, (key) => startTimer(body, key));
    if (!started) return;
    onStarted();
    // Food without its label must not be forgotten: somebody has to write one.
    if (print && !started.printed) setUnprinted(true);
    else onClose();
  };
  if (unprinted) {
    return (
      <Dialog title={t("food.startTimer")} onClose={onClose} foot={<button type="button" class="primary big" onClick={onClose}>{t("close")}</button>}>
        <p class="message warn">{t("food.unprinted")}</p>
      </Dialog>
    );
  }
  return (
    <Dialog
      wide
      title={t("food.startTimer")}
      onClose={onClose}
      foot={
        <button type="button" class="primary big" disabled={form.busy || !ready} data-testid="food-send" onClick={() => void send()}>
          {t(form.busy ? "sending" : "food.start")}
        </button>
      }
    >
      {form.field("product", t("check.product"))}
      <Rules
        rules={rules.map(({ id, name, minutes, startsWithin, source }) => ({
          id,
          name,
          more: t("food.timerRule", { hours: minutes / 60, from: startsWithin.map(limitText).join(` ${t("or")} `) }),
          clause: clauseText(source),
        }))}
        chosen={chosen}
        onChoose={setChosen}
      />
      <MilliField label={t("food.milliNow")} scale={scale} text={text} verdict={within} testId="food-milli" onInput={(value) => form.set("milli", value)} />
      {rule?.neverBeyond && <Probes chosen={form.given("probe")} none={t("food.byHand")} onChoose={(id) => form.set("probe", id)} />}
      <div class="pair">
        {form.field("quantity", t("action.quantity"))}
        {form.field("lot", t("check.lot"))}
      </div>
      <label class="tick">
        <input type="checkbox" checked={print} onChange={(event) => setPrint(event.currentTarget.checked)} />
        {t("food.print")}
      </label>
      {plan.timeProcedure && (
        <details>
          <summary>{t("plan.procedure")}</summary>
          <p class="procedure">{plan.timeProcedure}</p>
        </details>
      )}
      <Trouble subject={subject} testId="food-trouble" />
    </Dialog>
  );
}
