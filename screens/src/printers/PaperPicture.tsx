// A paper as it is printed, dot for dot: white in the dark too.
import { useEffect, useState } from "preact/hooks";
import { Refusal } from "../api/client";
import { t } from "../i18n";
import { dataUrl } from "../ui/blob";

export function PaperPicture({ load, label }: { load: () => Promise<Blob>; label: string }) {
  const [address, setAddress] = useState<string | null>(null);
  const [message, setMessage] = useState("");
  useEffect(() => {
    let left = false;
    load()
      .then(dataUrl)
      .then(
        (url) => !left && setAddress(url),
        (error: unknown) => !left && setMessage(error instanceof Refusal ? error.message : t("paper.noPicture")),
      );
    return () => {
      left = true;
    };
  }, []);
  return (
    <div class="paper-sheet">
      {address !== null ? <img src={address} alt={label} data-testid="paper-picture" /> : <p>{message || t("loading")}</p>}
    </div>
  );
}
