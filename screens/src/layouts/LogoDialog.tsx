// The place's logo, one for all papers that have a logo element.
import { useEffect, useState } from "preact/hooks";
import { logo as ask, removeLogo, saveLogo } from "../api/calls";
import { Refusal } from "../api/client";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { dataUrl } from "../ui/blob";
import { Dialog } from "../ui/Dialog";
import { Trouble } from "../ui/Trouble";
import { asLogo } from "./logo";

const SUBJECT = "logo";

export function LogoDialog({ onChanged, onClose }: { onChanged: () => void; onClose: () => void }) {
  const { picture, message, load } = useLogo();
  const [unreadable, setUnreadable] = useState(false);
  const busy = useWrite(SUBJECT)?.state === "sending";

  const change = async (send: (key: string) => Promise<unknown>) => {
    // Another picture is another command.
    forget(SUBJECT);
    if (!(await write(SUBJECT, (key) => send(key).then(() => true)))) return;
    onChanged();
    load();
  };
  const choose = async (file: File | undefined) => {
    if (!file) return;
    setUnreadable(false);
    const png = await asLogo(file).catch(() => null);
    if (png === null) setUnreadable(true);
    else await change((key) => saveLogo(png, key));
  };

  return (
    <Dialog
      title={t("logo.title")}
      onClose={onClose}
      foot={
        <>
          <button
            type="button"
            class="big"
            disabled={busy || typeof picture !== "string"}
            data-testid="logo-remove"
            onClick={() => void change((key) => removeLogo(key))}
          >
            {t("logo.remove")}
          </button>
          <label class="primary big button" aria-disabled={busy}>
            {t(busy ? "sending" : "logo.choose")}
            <input
              type="file"
              class="unseen"
              accept="image/*"
              disabled={busy}
              data-testid="logo-file"
              onChange={(event) => {
                const input = event.currentTarget;
                void choose(input.files?.[0]);
                // The same file may be chosen again.
                input.value = "";
              }}
            />
          </label>
        </>
      }
    >
      <div class="logo-paper">
        {picture ? (
          <img src={picture} alt={t("logo.title")} data-testid="logo-picture" />
        ) : (
          <p>{message || t(picture === null ? "logo.none" : "loading")}</p>
        )}
      </div>
      <p class="soft">{t("logo.more")}</p>
      {unreadable && (
        <p class="message bad" role="alert">
          {t("logo.unreadable")}
        </p>
      )}
      <Trouble subject={SUBJECT} />
    </Dialog>
  );
}

/** The logo as an address; null when there is none, undefined while nobody knows. */
function useLogo() {
  const [picture, setPicture] = useState<string | null | undefined>(undefined);
  const [message, setMessage] = useState("");
  const load = () => {
    ask()
      .then(dataUrl)
      .then(
        (url) => {
          setPicture(url);
          setMessage("");
        },
        (error: unknown) => {
          if (error instanceof Refusal && error.status === 404) setPicture(null);
          else setMessage(error instanceof Refusal ? error.message : t("paper.noPicture"));
        },
      );
  };
  useEffect(load, []);
  return { picture, message, load };
}
