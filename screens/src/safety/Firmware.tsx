// The register of signed firmware images: what is there, another one from a file, and a version for the sensors that
// were chosen.
import { useState } from "preact/hooks";
import { registerImage, updateSensor } from "../api/safety";
import type { FirmwareImage, FirmwareImages, Sensor } from "../api/types";
import { t, tn } from "../i18n";
import { boxNow } from "../live/pulse";
import type { Poll } from "../state/poll";
import { useStore } from "../state/store";
import { useWrite } from "../state/useWrite";
import { forget, write, writes } from "../state/write";
import { bytes, moment } from "../ui/format";
import { Icon } from "../ui/icons";
import { PollTrouble, Trouble } from "../ui/Trouble";

const SUBJECT = "firmware:register";
const updateOf = (sensor: Sensor) => `sensor:update:${sensor.id}`;

export interface FirmwareProps {
  register: Poll<FirmwareImages>;
  mayAct: boolean;
  /** Those that are chosen for an update and can take one. */
  sensors: readonly Sensor[];
  onUpdated: (all: boolean) => void;
}

export function Firmware({ register, mayAct, sensors, onUpdated }: FirmwareProps) {
  const [taken, setTaken] = useState<FirmwareImage | null>(null);
  const busy = useWrite(SUBJECT)?.state === "sending";
  const images = register.value?.images ?? [];
  const add = async (file: File | undefined) => {
    if (!file || busy) return;
    // Another file is another command: it must not go under the key of the one before.
    forget(SUBJECT);
    setTaken(null);
    const image = await write(SUBJECT, (key) => registerImage(file, key));
    if (!image) return;
    setTaken(image);
    register.again();
  };
  return (
    <section>
      <header class="section-head">
        <h2>{t("firmware.title")}</h2>
        {mayAct && (
          <label class="primary button" aria-disabled={busy}>
            <Icon name="plus" />
            {t(busy ? "sending" : "firmware.register")}
            <input
              type="file"
              class="unseen"
              disabled={busy}
              data-testid="register-image"
              onChange={(event) => {
                const input = event.currentTarget;
                void add(input.files?.[0]);
                // The same file may be chosen again.
                input.value = "";
              }}
            />
          </label>
        )}
      </header>
      <Trouble subject={SUBJECT} testId="register-trouble" />
      {taken && (
        <p class="message ok" role="status" data-testid="registered">
          {t("firmware.registered", { version: taken.version, board: taken.hardware, slot: taken.slot })}
        </p>
      )}
      <PollTrouble poll={register} />
      {register.value !== null && images.length === 0 && <p class="soft">{t("firmware.none")}</p>}
      <ul class="excursions" data-testid="images">
        {images.map((image) => (
          <li key={image.id} data-testid={`image-${image.version}-${image.slot}`}>
            <strong>
              {image.version} · {t("firmware.image", { board: image.hardware, slot: image.slot })}
            </strong>
            <span title={image.sha256}>
              {bytes(image.length)} · SHA-256 {image.sha256.slice(0, 12)}… ·{" "}
              {t("firmware.by", { at: moment(image.registeredAt, boxNow()), by: image.registeredBy ?? "–" })}
            </span>
          </li>
        ))}
      </ul>
      {mayAct && images.length > 0 && <UpdateForm images={images} sensors={sensors} onUpdated={onUpdated} />}
    </section>
  );
}

interface UpdateFormProps {
  images: readonly FirmwareImage[];
  sensors: readonly Sensor[];
  onUpdated: (all: boolean) => void;
}

function UpdateForm({ images, sensors, onUpdated }: UpdateFormProps) {
  const [wanted, setWanted] = useState("");
  const sending = useStore(writes, (now) => sensors.some((sensor) => now.get(updateOf(sensor))?.state === "sending"));
  // For the slot that the sensor does not run from: the box takes no other.
  const fits = (image: FirmwareImage) =>
    sensors.every((sensor) =>
      images.some(({ version, hardware, slot }) => version === image.version && hardware === sensor.hardware && slot !== sensor.live?.slot),
    );
  const versions = [...new Set(images.filter(fits).map(({ version }) => version))];
  const version = versions.includes(wanted) ? wanted : undefined;
  const choose = (other: string) => {
    for (const sensor of sensors) forget(updateOf(sensor));
    setWanted(other);
  };
  const update = async () => {
    if (version === undefined) return;
    const begun = await Promise.all(sensors.map((sensor) => write(updateOf(sensor), (key) => updateSensor(sensor.id, version, key))));
    // One that was refused stays chosen, with the box's words on its card.
    onUpdated(begun.every((one) => one !== undefined));
  };
  return (
    <div class="firmware-update">
      {sensors.length === 0 ? (
        <p class="soft">{t("firmware.chooseSensors")}</p>
      ) : versions.length === 0 ? (
        <p class="message warn">{t("firmware.noVersion")}</p>
      ) : (
        <>
          <div class="field">
            <span>{t("firmware.version")}</span>
            <div class="choices" role="radiogroup" aria-label={t("firmware.version")}>
              {versions.map((one) => (
                <button key={one} type="button" class="big" role="radio" aria-checked={one === version} disabled={sending} data-testid={`version-${one}`} onClick={() => choose(one)}>
                  {one}
                </button>
              ))}
            </div>
          </div>
          <button type="button" class="primary big" disabled={sending || version === undefined} aria-busy={sending} data-testid="update-sensors" onClick={() => void update()}>
            {sending ? t("sending") : tn("firmware.update", sensors.length)}
          </button>
        </>
      )}
      <p class="soft">{t("firmware.more")}</p>
    </div>
  );
}
