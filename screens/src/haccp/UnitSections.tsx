// What stands below a unit's chart: its excursions, its calibrations, the piece of equipment that it measures, and what
// is known of the probe.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { calibrationsOf, changeEquipment, equipment as askEquipment, records as askRecords } from "../api/safety";
import { may } from "../api/session";
import type { Breach, Equipment as Piece, EquipmentPatch, Probe } from "../api/types";
import { uuidv7 } from "../api/uuid";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { useFollow } from "../safety/follow";
import { limitText } from "../safety/plan";
import { usePoll, type Poll } from "../state/poll";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { day, moment, span } from "../ui/format";
import { Icon } from "../ui/icons";
import { PollTrouble, Trouble } from "../ui/Trouble";
import { degrees, exactDegrees } from "../ui/temperature";

const SHOWN = 20;
const EQUIPMENT_EVERY_MS = 30_000;
const DAY_MS = 86_400_000;

const page = (where: string) => `${import.meta.env.BASE_URL}safety/#${where}`;

function Section({ title, more, children }: { title: string; more?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="unit-section">
      <header>
        <h3>{title}</h3>
        {more}
      </header>
      {children}
    </section>
  );
}

interface ExcursionsProps {
  probe: Probe;
  /** Of all units. */
  past: Poll<unknown>;
  excursions: Breach[];
}

export function Excursions({ probe, past, excursions }: ExcursionsProps) {
  // Of the open ones all, of the closed ones those among the newest.
  const open = useFollow(["record"], () => askRecords(true));
  const newest = useFollow(["record"], () => askRecords(false));
  const known = open.value !== null && newest.value !== null;
  const records = [...(open.value?.records ?? []), ...(newest.value?.records ?? [])];
  const now = boxNow();
  return (
    <Section title={t("haccp.excursions")}>
      <PollTrouble poll={[past, open, newest]} />
      {past.value !== null && excursions.length === 0 && <p class="soft">{t("haccp.noExcursions")}</p>}
      <ol class="excursions" data-testid="excursions">
        {excursions.slice(0, SHOWN).map((breach) => {
          const limit = breach.kind === "high" ? { maxMilliC: breach.limitMilliC } : { minMilliC: breach.limitMilliC };
          const record = records.find(({ about }) => about === breach.id);
          const ended = breach.closedAt == null ? now : Date.parse(breach.closedAt);
          return (
            <li key={breach.id} class={breach.closedAt == null ? "going" : ""}>
              <strong>
                {moment(breach.openedAt, now)}–{breach.closedAt == null ? t("haccp.now") : moment(breach.closedAt, now)}
              </strong>
              <span>
                {t(breach.closedAt == null ? "haccp.excursionOpen" : "haccp.excursion", {
                  span: span(breach.beyondSeconds == null ? ended - Date.parse(breach.openedAt) : breach.beyondSeconds * 1000),
                  peak: degrees(breach.peakMilliC, limit),
                  limit: breach.rule ? limitText(breach.rule) : `${exactDegrees(breach.limitMilliC)} °C`,
                })}
                {breach.cause && ` · ${word("cause", breach.cause)}`}
                {breach.lateSeconds != null && ` · ${t("haccp.foundLate", { span: span(breach.lateSeconds * 1000) })}`}
              </span>
              {(record !== undefined || known) && (
                <a class="button" href={page(record ? `records/${record.id}` : `records/new/${breach.id}`)} data-testid={`record-of-${breach.id}`}>
                  {record ? t(record.closedAt ? "record.state.closed" : "record.state.open") : t("record.write")}
                </a>
              )}
            </li>
          );
        })}
      </ol>
      {probe.breach && <p class="soft">{t("haccp.goesOn")}</p>}
    </Section>
  );
}

export function Calibrations({ probe }: { probe: Probe }) {
  const past = useFollow(["calibration"], () => calibrationsOf(probe.id));
  const list = past.value?.calibrations ?? [];
  return (
    <Section
      title={t("haccp.calibrations")}
      more={
        may("haccp.record") && (
          <a class="button" href={page(`calibration/${probe.id}`)}>
            {t("calibration.new")}
          </a>
        )
      }
    >
      <PollTrouble poll={past} />
      {past.value !== null && list.length === 0 && <p class="soft">{t("haccp.calibration.never")}</p>}
      <ol class="excursions">
        {list.slice(0, SHOWN).map((one) => (
          <li key={one.id} class={one.foundGood ? "" : "going"}>
            <strong>{moment(one.at, boxNow())}</strong>
            <span>
              {word("method", one.method)} ·{" "}
              {one.points.map((point) => t("calibration.off", { found: signedMilli(point.foundMilli) })).join(", ")}
              {one.by && ` · ${one.by}`} · {t("haccp.calibration.next", { day: day(one.dueAt) })}
              {one.inDoubt && ` · ${t("calibration.inDoubt")}`}
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

export const signedMilli = (milli: number) => `${milli > 0 ? "+" : ""}${exactDegrees(milli)} °C`;

/** The pieces of equipment that this probe measures (KDS-11), and the next maintenance of each. */
export function Equipment({ probe }: { probe: Probe }) {
  const list = usePoll(askEquipment, { everyMs: EQUIPMENT_EVERY_MS });
  const { value, again } = list;
  useEffect(again, [probe.version]);
  const pieces = (value?.equipment ?? []).filter(({ probeId }) => probeId === probe.id);
  const add = async () => {
    const id = uuidv7();
    const body = { name: probe.name, probeId: probe.id };
    if (await write(`equipment:${probe.id}`, (key) => changeEquipment(id, body, key))) again();
  };
  if (value !== null && pieces.length === 0 && !may("haccp.configure")) return null;
  return (
    <Section title={t("equipment.title")}>
      <PollTrouble poll={list} />
      {pieces.map((piece) => (
        <PieceRow key={piece.id} piece={piece} onChanged={again} />
      ))}
      {value !== null && pieces.length === 0 && (
        <button type="button" onClick={() => void add()}>
          <Icon name="plus" />
          {t("equipment.add")}
        </button>
      )}
      <Trouble subject={`equipment:${probe.id}`} />
    </Section>
  );
}

function PieceRow({ piece, onChanged }: { piece: Piece; onChanged: () => void }) {
  const subject = `equipment:${piece.id}`;
  const busy = useWrite(subject)?.state === "sending";
  const change = async (body: EquipmentPatch) => {
    if (await write(subject, (key) => changeEquipment(piece.id, body, key))) onChanged();
  };
  const due = piece.nextMaintenance != null && Date.parse(piece.nextMaintenance) < boxNow();
  return (
    <div class="piece">
      <p>
        <strong>{piece.name}</strong>{" "}
        <span class={piece.status === "operational" ? "state ok" : "state warn"}>{word("equipment", piece.status)}</span>
      </p>
      <label class="field">
        <span>{t(due ? "equipment.wasDue" : "equipment.next")}</span>
        <input
          type="date"
          disabled={busy || !may("haccp.configure")}
          value={piece.nextMaintenance?.slice(0, 10) ?? ""}
          onChange={(event) => void change({ nextMaintenance: event.currentTarget.value ? `${event.currentTarget.value}T06:00:00Z` : null })}
        />
      </label>
      {due && may("haccp.configure") && (
        <button type="button" disabled={busy} onClick={() => void change({ nextMaintenance: new Date(boxNow() + 180 * DAY_MS).toISOString() })}>
          {t("equipment.done")}
        </button>
      )}
      <Trouble subject={subject} />
    </div>
  );
}

export function Facts({ probe }: { probe: Probe }) {
  const facts: [string, string][] = [
    [t("unit.input"), probe.input],
    [t("unit.kind"), word("unitKind", probe.unitKind)],
    ...Object.entries(probe.details).map(([name, text]): [string, string] => [word("detail", name), text]),
    ...(probe.stores.length > 0 ? [[t("unit.stores"), probe.stores.join(", ")] as [string, string]] : []),
  ];
  return (
    <Section title={t("unit.about")}>
      <dl class="facts">
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text || "–"}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
