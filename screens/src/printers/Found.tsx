// What answers on the network and the cables and could be a printer; set up or not.
import { useEffect, useState } from "preact/hooks";
import { foundDevices } from "../api/calls";
import { Refusal } from "../api/client";
import type { FoundDevice } from "../api/types";
import { t, word } from "../i18n";
import { Icon } from "../ui/icons";

export function Found() {
  const { found, looking, message, look } = useFound();
  return (
    <section class="found">
      <header>
        <h2>{t("found.title")}</h2>
        <button type="button" disabled={looking} aria-busy={looking} data-testid="look-again" onClick={look}>
          <Icon name="refresh" />
          {t(looking ? "found.looking" : "found.again")}
        </button>
      </header>
      {message && <p class="message warn">{message}</p>}
      <ul>
        {found?.map((device) => <Device key={device.address} device={device} />)}
      </ul>
      {found?.length === 0 && <p class="nothing">{t("found.none")}</p>}
      {found?.some(({ configured }) => configured === null) && <p class="fine-print">{t("found.how")}</p>}
    </section>
  );
}

function Device({ device: { address, kind, identity, description, configured } }: { device: FoundDevice }) {
  return (
    <li class="device" data-testid={`found-${address}`}>
      <span>
        <strong>{description || identity || address}</strong>
        <code>{address}</code>
        <small>
          {word("foundKind", kind)}
          {identity && description ? ` · ${identity}` : ""}
        </small>
      </span>
      <span class={configured ? "state ok" : "state none"}>{configured ?? t("found.notSetUp")}</span>
    </li>
  );
}

function useFound() {
  const [found, setFound] = useState<FoundDevice[] | null>(null);
  const [looking, setLooking] = useState(false);
  const [message, setMessage] = useState("");
  const look = () => {
    setLooking(true);
    foundDevices().then(
      (answer) => {
        setFound(answer.found);
        setMessage("");
        setLooking(false);
      },
      (error: unknown) => {
        setMessage(error instanceof Refusal ? error.message : t("found.lost"));
        setLooking(false);
      },
    );
  };
  useEffect(look, []);
  return { found, looking, message, look };
}
