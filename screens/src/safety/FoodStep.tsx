// What is asked before a step with food is written down: a temperature, how much was thrown away, or only "sure".
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { Dialog } from "../ui/Dialog";
import { Trouble } from "../ui/Trouble";
import { MilliField, milliOf } from "./MilliField";
import type { Scale } from "./plan";

export type FoodAsk =
  | { kind: "measure" | "reheat"; scale: Scale; send: (milliC: number, key: string) => Promise<unknown> }
  | { kind: "discard"; send: (quantity: string, note: string | undefined, key: string) => Promise<unknown> }
  | { kind: "simple"; title: string; send: (note: string | undefined, key: string) => Promise<unknown> };

export interface FoodStepProps {
  name: string;
  subject: string;
  ask: FoodAsk;
  onClose: () => void;
  onDone: () => void;
}

const TEXT_LIMIT = 100;

export function FoodStep({ name, subject, ask, onClose, onDone }: FoodStepProps) {
  const [milli, setMilli] = useState("");
  const [quantity, setQuantity] = useState("");
  const [note, setNote] = useState("");
  const busy = useWrite(subject)?.state === "sending";
  const title = ask.kind === "simple" ? ask.title : t(`food.ask.${ask.kind}`);
  const milliC = "scale" in ask ? milliOf(milli, ask.scale) : undefined;
  const ready = "scale" in ask ? milliC !== undefined : ask.kind === "simple" || quantity.trim() !== "";
  const change = (set: (text: string) => void) => (text: string) => {
    if (!busy) forget(subject);
    set(text);
  };
  const send = async () => {
    if (!ready) return;
    const noted = note.trim() || undefined;
    const act = (key: string) => {
      if ("scale" in ask) return ask.send(milliC!, key);
      return ask.kind === "discard" ? ask.send(quantity.trim(), noted, key) : ask.send(noted, key);
    };
    if (!(await write(subject, (key) => act(key).then(() => true)))) return;
    onDone();
    onClose();
  };
  const text = (label: string, value: string, set: (text: string) => void, testId: string) => (
    <label class="field">
      <span>{label}</span>
      <input value={value} maxLength={TEXT_LIMIT} readOnly={busy} data-testid={testId} onInput={(event) => change(set)(event.currentTarget.value)} />
    </label>
  );
  return (
    <Dialog
      title={`${title}: ${name}`}
      onClose={onClose}
      foot={
        <button type="button" class="primary big" disabled={busy || !ready} data-testid="step-send" onClick={() => void send()}>
          {busy ? t("sending") : title}
        </button>
      }
    >
      {"scale" in ask ? (
        <MilliField label={t("food.milliNow")} scale={ask.scale} text={milli} testId="step-milli" onInput={change(setMilli)} />
      ) : (
        <>
          {ask.kind === "discard" && text(t("action.quantity"), quantity, setQuantity, "step-quantity")}
          {text(t("action.note"), note, setNote, "step-note")}
        </>
      )}
      <Trouble subject={subject} testId="step-trouble" />
    </Dialog>
  );
}
