// What a technician asks of a box: is it well, is everything safe elsewhere, what is plugged in, what waits.
import type { ComponentChildren } from "preact";
import type { BoxStatus } from "../api/types";
import { t, tn, word } from "../i18n";
import { bytes, moment, span } from "../ui/format";
import { Icon, type IconName } from "../ui/icons";
import { Devices, Queues, Replicas } from "./Tables";
import { useBoxStatus } from "./poll";

export function StatusPage() {
  const { status, refusal } = useBoxStatus();
  if (status === null) {
    return (
      <main>
        <p class="empty">
          <Icon name="box" />
          {refusal || t("loading")}
        </p>
      </main>
    );
  }
  const now = Date.parse(status.now);
  return (
    <main class="status-page">
      {refusal && <p class="message bad">{refusal}</p>}
      <div class="cards">
        <BoxCard status={status} now={now} />
        <SyncCard status={status} now={now} />
        <DiskCard status={status} />
        <TimeCard status={status} />
      </div>
      <Devices status={status} now={now} />
      <div class="two">
        <Queues status={status} now={now} />
        <Replicas status={status} />
      </div>
      <p class="fine-print">
        {t("status.epoch")} <code>{status.epoch}</code> · {t("status.arrival")} <code>{status.arrival}</code>
      </p>
    </main>
  );
}

interface CardProps {
  icon: IconName;
  title: string;
  tone: "ok" | "warn" | "bad" | "plain";
  word: string;
  children?: ComponentChildren;
}

function Card({ icon, title, tone, word: stateWord, children }: CardProps) {
  return (
    <section class={`card ${tone}`}>
      <h2>
        <Icon name={icon} />
        {title}
      </h2>
      <p class="card-word">{stateWord}</p>
      {children}
    </section>
  );
}

function BoxCard({ status, now }: { status: BoxStatus; now: number }) {
  return (
    <Card icon="box" title={t("status.box", { letter: status.letter })} tone="plain" word={status.name}>
      <small>{t("status.version", { version: status.version })}</small>
      <small>{t("status.upFor", { span: span(now - Date.parse(status.startedAt)) })}</small>
    </Card>
  );
}

function SyncCard({ status: { sync }, now }: { status: BoxStatus; now: number }) {
  const title = t("status.sync");
  if (!sync.enrolled) {
    return (
      <Card icon="offline" title={title} tone="warn" word={t("status.alone")}>
        <small>{t("status.aloneMore")}</small>
      </Card>
    );
  }
  const tone = sync.unsent === 0 ? "ok" : sync.connected ? "warn" : "bad";
  return (
    <Card
      icon={sync.unsent === 0 ? "check" : "alert"}
      title={title}
      tone={tone}
      word={sync.unsent === 0 ? t("status.allSafe") : tn("status.unsent", sync.unsent)}
    >
      <small>
        {t(sync.connected ? "status.connected" : "status.notConnected")} {sync.relayUrl}
      </small>
      {sync.lastContact && <small>{t("status.lastContact", { span: span(now - Date.parse(sync.lastContact)) })}</small>}
      {sync.error && <small class="error-text">{sync.error}</small>}
    </Card>
  );
}

const LOW_SHARE = 0.1;
const SCARCE_SHARE = 0.03;

function DiskCard({ status: { storage } }: { status: BoxStatus }) {
  const total = storage.diskTotalBytes ?? 0;
  const free = storage.diskFreeBytes ?? 0;
  const share = total > 0 ? free / total : 1;
  const tone = share < SCARCE_SHARE ? "bad" : share < LOW_SHARE ? "warn" : "ok";
  return (
    <Card icon="chart" title={t("status.disk")} tone={tone} word={t("status.free", { size: total > 0 ? bytes(free) : "?" })}>
      <meter min={0} max={total} value={total - free}>
        {Math.round((1 - share) * 100)} %
      </meter>
      <small>
        {t("status.database", { size: bytes(storage.databaseBytes), wal: bytes(storage.walBytes) })}
      </small>
      <small>{t("status.commits", { commits: storage.commits })}</small>
    </Card>
  );
}

function TimeCard({ status }: { status: BoxStatus }) {
  const tone = status.timeQuality === "unset" ? "bad" : status.timeQuality === "rtc" ? "warn" : "ok";
  return (
    <Card icon="clock" title={t("status.time")} tone={tone} word={word("clock", status.timeQuality)}>
      <small>{moment(status.now, 0)}</small>
      <small>{status.now}</small>
    </Card>
  );
}
