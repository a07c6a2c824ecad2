// A file that the box writes, fetched with the person's own token and handed on.
import { askFile } from "../api/client";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { Icon } from "../ui/icons";
import { Trouble } from "../ui/Trouble";

/** A year of many units takes its time. */
const WRITING_MS = 120_000;

export interface FileButtonProps {
  path: string;
  name: string;
  text: string;
  disabled?: boolean;
  primary?: boolean;
  testId: string;
}

export function FileButton({ path, name, text, disabled, primary, testId }: FileButtonProps) {
  const subject = `file:${path}`;
  const busy = useWrite(subject)?.state === "sending";
  const fetchFile = async () => {
    const file = await write(subject, () => askFile(path, WRITING_MS));
    if (!file) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <div>
      <button type="button" class={primary ? "primary big" : "big"} disabled={disabled || busy} aria-busy={busy} data-testid={testId} onClick={() => void fetchFile()}>
        <Icon name="down" />
        {busy ? t("report.writing") : text}
      </button>
      <Trouble subject={subject} testId={`${testId}-trouble`} />
    </div>
  );
}
