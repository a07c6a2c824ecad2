// Adding a unit, and everything that may be changed of one: name, limits, the input that it is wired to (a broken probe
// is replaced by choosing another; its record stays), what is kept there, and that it is no longer in use.
import { useState } from "preact/hooks";
import { changeProbe } from "../api/calls";
import { adoptProbe, discovered } from "../api/safety";
import type { DiscoveredDevice, Probe, ProbePatch, WiredInput } from "../api/types";
import { t, word } from "../i18n";
import { learnProbe } from "../live/learn";
import { picture } from "../live/live";
import { usePoll } from "../state/poll";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { Dialog } from "../ui/Dialog";
import { parseDecimal } from "../ui/format";
import { Segments } from "../ui/Segments";
import { PollTrouble, Trouble } from "../ui/Trouble";
import { exactDegrees } from "../ui/temperature";
import { signedMilli } from "./UnitSections";

const KINDS = ["fridge", "freezer", "hot_hold", "ambient"] as const;
type Kind = (typeof KINDS)[number];
const DETAILS = ["place", "model", "serial_number", "door", "defrost", "compressor"] as const;
const LOOK_EVERY_MS = 5_000;
const MINUTE_S = 60;
/** A degree for an hour, in the box's thousandths of a degree times minutes. */
const DEGREE_HOUR = 60_000;

interface Draft {
  name: string;
  kind: Kind;
  min: string;
  max: string;
  input: string;
  details: Record<string, string>;
  delay: string;
  stores: string[];
  budget: string;
  retired: boolean;
}

const limit = (milliC: number | null | undefined) => (milliC == null ? "" : exactDegrees(milliC));

function draftOf(probe: Probe | null): Draft {
  return {
    name: probe?.name ?? "",
    kind: (probe?.unitKind as Kind | undefined) ?? "fridge",
    min: limit(probe?.minMilliC),
    max: limit(probe?.maxMilliC),
    input: probe?.input ?? "",
    details: Object.fromEntries(DETAILS.map((name) => [name, probe?.details[name] ?? ""])),
    delay: probe?.alarmDelaySeconds == null ? "" : String(probe.alarmDelaySeconds / MINUTE_S),
    stores: probe?.stores ?? [],
    budget: probe?.holdBudget == null ? "" : String(probe.holdBudget / DEGREE_HOUR).replace(".", decimalSign()),
    retired: probe?.retired ?? false,
  };
}

const decimalSign = () => exactDegrees(100).charAt(1);

/** Undefined: something that was typed is none. */
function patchOf(draft: Draft, before: Probe | null): ProbePatch | undefined {
  const then = draftOf(before);
  // What nobody has touched is not read again: the box may know it finer than it is shown.
  const number = (name: "min" | "max" | "delay" | "budget", digits: number) =>
    draft[name] === then[name] || draft[name].trim() === "" ? null : parseDecimal(draft[name], digits);
  const [min, max, delay, budget] = [number("min", 3), number("max", 3), number("delay", 0), number("budget", 3)];
  if (min === undefined || max === undefined || delay === undefined || budget === undefined || draft.name.trim() === "") return undefined;
  const patch: ProbePatch = {};
  if (before === null || draft.name !== then.name) patch.name = draft.name.trim();
  if (before === null || draft.kind !== then.kind) patch.unitKind = draft.kind;
  if (draft.min !== then.min) patch.minMilliC = min;
  if (draft.max !== then.max) patch.maxMilliC = max;
  if (draft.input !== then.input) patch.input = draft.input;
  const details = Object.entries(draft.details).filter(([name, text]) => text.trim() !== (then.details[name] ?? ""));
  if (details.length > 0) patch.details = Object.fromEntries(details.map(([name, text]) => [name, text.trim()]));
  if (draft.delay !== then.delay) patch.alarmDelaySeconds = delay === null ? null : delay * MINUTE_S;
  if (draft.stores.join("\n") !== then.stores.join("\n")) patch.stores = draft.stores;
  if (draft.budget !== then.budget) patch.holdBudget = budget === null ? null : Math.round((budget * DEGREE_HOUR) / 1000);
  if (draft.retired !== then.retired) patch.retired = draft.retired;
  return patch;
}

export function UnitDialog({ probe, onClose }: { probe: Probe | null; onClose: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(probe));
  const subject = `unit:${probe?.id ?? "new"}`;
  const busy = useWrite(subject)?.state === "sending";
  const change = (part: Partial<Draft>) => {
    if (!busy) forget(subject);
    setDraft((now) => ({ ...now, ...part }));
  };
  const patch = patchOf(draft, probe);
  const save = async () => {
    if (patch === undefined) return;
    const send = (key: string) => (probe ? changeProbe(probe.id, patch, key) : adoptProbe(patch, key));
    const saved = await write(subject, send);
    if (!saved) return;
    learnProbe(saved);
    onClose();
  };
  const field = (name: "name" | "min" | "max" | "delay" | "budget", label: string, more?: string) => (
    <label class="field">
      <span>{label}</span>
      <input
        value={draft[name]}
        inputMode={name === "name" ? "text" : "decimal"}
        placeholder={more}
        readOnly={busy}
        data-testid={`unit-${name}`}
        onInput={(event) => change({ [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <Dialog
      wide
      title={probe ? t("unit.edit", { name: probe.name }) : t("haccp.add")}
      onClose={onClose}
      foot={
        <button type="button" class="primary big" disabled={busy || patch === undefined} data-testid="save-unit" onClick={() => void save()}>
          {t(busy ? "edit.saving" : "edit.save")}
        </button>
      }
    >
      {field("name", t("unit.name"))}
      <div class="field">
        <span>{t("unit.kind")}</span>
        <Segments
          label={t("unit.kind")}
          value={draft.kind}
          options={KINDS.map((value) => ({ value, text: word("unitKind", value) }))}
          onChoose={(kind) => change({ kind })}
        />
      </div>
      <div class="pair">
        {field("min", `${t("dash.min")} °C`, t("dash.noLimit"))}
        {field("max", `${t("dash.max")} °C`, t("dash.noLimit"))}
      </div>
      <InputChoice chosen={draft.input} mine={probe?.id ?? null} onChoose={(input) => change({ input })} />
      <div class="pair">
        {field("delay", t("unit.delay"), t("unit.usual"))}
        {field("budget", t("unit.budget"), t("unit.budgetUsual"))}
      </div>
      <Stores chosen={draft.stores} onChange={(stores) => change({ stores })} />
      <details>
        <summary>{t("unit.more")}</summary>
        <div class="details-grid">
          {DETAILS.map((name) => (
            <label key={name} class="field">
              <span>{word("detail", name)}</span>
              <input
                value={draft.details[name] ?? ""}
                readOnly={busy}
                onInput={(event) => change({ details: { ...draft.details, [name]: event.currentTarget.value } })}
              />
            </label>
          ))}
        </div>
      </details>
      {probe && (
        <label class="tick">
          <input type="checkbox" checked={draft.retired} onChange={(event) => change({ retired: event.currentTarget.checked })} />
          {t("unit.retire")}
        </label>
      )}
      <Trouble subject={subject} testId="unit-trouble" />
    </Dialog>
  );
}

/** What speaks and what is wired, with what each says now: the number on the display tells which one it is. */
function InputChoice({ chosen, mine, onChoose }: { chosen: string; mine: string | null; onChoose: (input: string) => void }) {
  const found = usePoll(discovered, { everyMs: LOOK_EVERY_MS });
  const { value } = found;
  const probes = useStore(picture, (now) => now.probes);
  const takenBy = (input: string) => [...probes.values()].find((probe) => probe.input === input && probe.id !== mine && !probe.retired);
  const first = (input: string) => (input === chosen ? 0 : takenBy(input) === undefined ? 1 : 2);
  const devices = (value?.devices ?? []).filter(({ kind }) => kind === "temperature");
  devices.sort((a, b) => first(a.input) - first(b.input));
  const heard = new Set(devices.map(({ input }) => input));
  const wired = (value?.inputs ?? []).map(({ name }) => name).filter((name) => !heard.has(name));
  wired.sort((a, b) => first(a) - first(b));
  const shown = new Set([...heard, ...wired]);
  const gaps = (input: string) => gapsOf(value?.inputs.find(({ name }) => name === input));
  return (
    <div class="field" role="radiogroup" aria-label={t("unit.input")}>
      <span>{t("unit.input")}</span>
      <ul class="inputs" data-testid="inputs">
        {chosen !== "" && !shown.has(chosen) && <InputRow input={chosen} name={chosen} chosen onChoose={onChoose} />}
        {devices.map((device) => (
          <InputRow
            key={device.input}
            input={device.input}
            name={device.name}
            device={device}
            chosen={device.input === chosen}
            taken={takenBy(device.input)?.name}
            gaps={gaps(device.input)}
            onChoose={onChoose}
          />
        ))}
        {wired.map((input) => (
          <InputRow key={input} input={input} name={input} chosen={input === chosen} taken={takenBy(input)?.name} gaps={gaps(input)} onChoose={onChoose} />
        ))}
      </ul>
      {value !== null && shown.size === 0 && <p class="soft">{t("unit.nothingHeard")}</p>}
      <PollTrouble poll={found} />
      {(value?.serial.length ?? 0) > 0 && <p class="soft">{t("unit.serial", { list: value!.serial.join(", ") })}</p>}
    </div>
  );
}

/** What never came, came too late, or came in another order than it was sent. */
function gapsOf(input: WiredInput | undefined): string {
  if (!input) return "";
  const { missing, tooLate, outOfOrder } = input;
  const words = [
    missing > 0 && t("unit.missing", { n: missing }),
    tooLate > 0 && t("unit.tooLate", { n: tooLate }),
    outOfOrder > 0 && t("unit.outOfOrder", { n: outOfOrder }),
  ];
  return words.filter(Boolean).join(", ");
}

interface InputRowProps {
  input: string;
  name: string;
  device?: DiscoveredDevice;
  chosen: boolean;
  taken?: string;
  gaps?: string;
  onChoose: (input: string) => void;
}

function InputRow({ input, name, device, chosen, taken, gaps, onChoose }: InputRowProps) {
  return (
    <li>
      <button type="button" role="radio" aria-checked={chosen} disabled={taken !== undefined} onClick={() => onChoose(input)}>
        <strong>{name}</strong>
        <small>
          {device ? [device.convention, device.address].join(" · ") : t("unit.wired")}
          {device?.note && ` · ${device.note}`}
          {taken !== undefined && ` · ${t("unit.taken", { name: taken })}`}
          {gaps && ` · ${gaps}`}
        </small>
        {device && <span class="input-now">{device.milliC == null ? word("reason", device.reason ?? "silent") : signedMilli(device.milliC)}</span>}
      </button>
    </li>
  );
}

/** Categories of the menu: what is kept here is put on hold when it was warm for too long. */
function Stores({ chosen, onChange }: { chosen: string[]; onChange: (stores: string[]) => void }) {
  const menu = useStore(picture, (now) => now.menu);
  const categories = [...new Set([...menu.values()].map(({ category }) => category))];
  const names = new Map([...menu.values()].map(({ id, name }) => [id, name]));
  const all = [...new Set([...categories, ...chosen])];
  return (
    <div class="field">
      <span>{t("unit.stores")}</span>
      <div class="choices">
        {all.map((store) => (
          <button
            key={store}
            type="button"
            aria-pressed={chosen.includes(store)}
            onClick={() => onChange(chosen.includes(store) ? chosen.filter((one) => one !== store) : [...chosen, store])}
          >
            {names.get(store) ?? store}
          </button>
        ))}
      </div>
      <small>{t("unit.storesMore")}</small>
    </div>
  );
}
