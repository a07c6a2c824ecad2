// What became of a write that was not done: the server's words, or that nobody answered.
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { Icon } from "./icons";

export function Trouble({ subject, testId }: { subject: string; testId?: string }) {
  const now = useWrite(subject);
  if (!now || now.state === "sending") return null;
  return (
    <p class={now.state === "refused" ? "message bad" : "message warn"} role="alert" data-testid={testId}>
      <Icon name={now.state === "refused" ? "alert" : "offline"} />
      {now.message || t("noAnswer")}
    </p>
  );
}
