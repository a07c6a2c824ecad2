// What became of a write that was not done, and of a question that is asked again and again: the server's words, or that
// nobody answered.
import { t } from "../i18n";
import type { Poll } from "../state/poll";
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

type Asked = Pick<Poll<unknown>, "value" | "refusal" | "lost">;

/** Of several questions whose answers stand together, one message. */
export function PollTrouble({ poll }: { poll: Asked | readonly Asked[] }) {
  const polls = Array.isArray(poll) ? (poll as readonly Asked[]) : [poll as Asked];
  const refusal = polls.find((one) => one.refusal !== "")?.refusal;
  const lost = polls.some((one) => one.lost);
  if (refusal === undefined && !lost) return null;
  const old = polls.every(({ value }) => value !== null);
  return (
    <p class={refusal === undefined ? "message warn" : "message bad"} role="alert" data-testid="poll-trouble">
      <Icon name={refusal === undefined ? "offline" : "alert"} />
      {refusal ?? t(old ? "poll.old" : "poll.none")}
    </p>
  );
}
