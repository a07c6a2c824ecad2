// The lists of the status page: devices, queues, replicas.
import type { BoxStatus } from "../api/types";
import { t, word } from "../i18n";
import { span } from "../ui/format";
import type { Tone } from "../ui/orders";

interface TableProps {
  status: BoxStatus;
  now: number;
}

const DEVICE_TONES: Record<string, Tone> = { up: "ok", down: "bad", busy: "warn", attention: "warn", unknown: "none" };

const since = (at: string | null | undefined, now: number) =>
  at ? t("ago", { span: span(now - Date.parse(at)) }) : t("status.never");

export function Devices({ status, now }: TableProps) {
  return (
    <section class="table-card">
      <h2>{t("status.devices")}</h2>
      <table>
        <thead>
          <tr>
            <th>{t("status.name")}</th>
            <th>{t("status.state")}</th>
            <th>{t("status.detail")}</th>
            <th>{t("status.address")}</th>
            <th>{t("status.lastHeard")}</th>
          </tr>
        </thead>
        <tbody>
          {status.devices.map((device) => (
            <tr key={device.kind + device.name}>
              <td>
                <strong>{device.name}</strong>
                <small>{word("device", device.kind)}</small>
              </td>
              <td>
                <span class={`state ${DEVICE_TONES[device.state] ?? "none"}`}>{word("deviceState", device.state)}</span>
              </td>
              <td>{device.detail}</td>
              <td>
                <code>{device.address}</code>
              </td>
              <td>{since(device.lastHeard, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {status.devices.length === 0 && <p class="nothing">{t("status.noDevices")}</p>}
    </section>
  );
}


export function Queues({ status, now }: TableProps) {
  return (
    <section class="table-card">
      <h2>{t("status.queues")}</h2>
      <table>
        <thead>
          <tr>
            <th>{t("status.name")}</th>
            <th>{t("status.waiting")}</th>
            <th>{t("status.oldest")}</th>
            <th>{t("status.limit")}</th>
          </tr>
        </thead>
        <tbody>
          {status.queues.map((queue) => (
            <tr key={queue.name}>
              <td>{queue.name}</td>
              <td>
                <span class={queue.length > 0 ? "state warn" : "state ok"}>
                  {queue.length}
                </span>
              </td>
              <td>{queue.oldestAt ? since(queue.oldestAt, now) : "–"}</td>
              <td>{queue.limit}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function Replicas({ status }: Pick<TableProps, "status">) {
  return (
    <section class="table-card">
      <h2>{t("status.replicas")}</h2>
      <table>
        <thead>
          <tr>
            <th>{t("status.name")}</th>
            <th>{t("status.kind")}</th>
            <th>{t("status.entries")}</th>
          </tr>
        </thead>
        <tbody>
          {status.replicas.map((replica) => (
            <tr key={replica.letter}>
              <td>
                <strong>
                  {replica.letter}{replica.this ? ` · ${t("status.thisOne")}` : ""}
                </strong>
              </td>
              <td>{word("replica", replica.kind)}</td>
              <td>{replica.entries}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {status.replicas.length === 0 && <p class="nothing">{t("status.noReplicas")}</p>}
    </section>
  );
}
