// The paper as the chosen printer prints it, and whether the picture is of what stands beside it.
import { useEffect, useRef } from "preact/hooks";
import type { Printer } from "../api/types";
import { t, tn } from "../i18n";
import { Segments } from "../ui/Segments";
import type { Mistake } from "./mistakes";
import type { Preview } from "./preview";

interface PreviewPaneProps {
  preview: Preview;
  mistakes: readonly Mistake[];
  printers: readonly Printer[];
  printer: string | null;
  onChoose: (name: string) => void;
  /** How far down the paper one is working, 0 to 1. */
  lookAt: number | null;
}

export function PreviewPane({ preview, mistakes, printers, printer, onChoose, lookAt }: PreviewPaneProps) {
  const { picture, current, lost } = preview;
  const old = picture !== null && !current;
  const paper = useRef<HTMLDivElement>(null);
  const look = () => {
    const box = paper.current;
    if (box && lookAt !== null) box.scrollTop = lookAt * (box.scrollHeight - box.clientHeight);
  };
  useEffect(look, [lookAt]);
  const noPlace = mistakes.filter(({ row }) => row === null);
  return (
    <section class="preview" aria-label={t("preview.title")}>
      <header>
        <h2>{t("preview.title")}</h2>
        <PreviewState preview={preview} mistakes={mistakes.length} />
      </header>
      {printers.length > 1 && printer !== null && (
        <Segments
          label={t("preview.printer")}
          value={printer}
          options={printers.map(({ name }) => ({ value: name, text: name }))}
          onChoose={onChoose}
        />
      )}
      {printer === null && <p class="message warn">{t("preview.noPrinter")}</p>}
      {lost && <p class="message warn">{t("preview.lost")}</p>}
      {noPlace.map(({ message }) => (
        <p key={message} class="message bad" role="alert">
          {message}
        </p>
      ))}
      <div ref={paper} class={old ? "preview-paper old" : "preview-paper"}>
        {picture !== null ? (
          <img src={picture} alt={t("preview.title")} data-testid="preview" data-current={current} onLoad={look} />
        ) : (
          printer !== null && <p>{t(mistakes.length > 0 ? "preview.mistake" : "preview.drawing")}</p>
        )}
      </div>
      {old && (
        <p class="preview-old" role="status">
          {t("preview.old")}
        </p>
      )}
    </section>
  );
}

function PreviewState({ preview: { busy, current, picture }, mistakes }: { preview: Preview; mistakes: number }) {
  // In this order: what a person must do comes before what will pass by itself.
  if (mistakes > 0) return <span class="state bad" data-testid="preview-state">{tn("preview.mistakes", mistakes)}</span>;
  if (busy) return <span class="state" data-testid="preview-state">{t("preview.drawing")}</span>;
  if (current) return <span class="state ok" data-testid="preview-state">{t("preview.current")}</span>;
  return picture === null ? null : <span class="state warn" data-testid="preview-state">{t("preview.older")}</span>;
}
