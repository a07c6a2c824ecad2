// Who is told of which alerts, and after how long the next are called when nobody has seen one. What is changed here is
// sent alone: what another changes at the same time stays.
import { useEffect, useState } from "preact/hooks";
import { alertRouting, changeRouting } from "../api/calls";
import type { AlertRouting, RoutingPatch } from "../api/types";
import { t, word } from "../i18n";
import { usePoll } from "../state/poll";
import { useWrite } from "../state/useWrite";
import { forget, write, writes } from "../state/write";
import { PollTrouble, Trouble } from "../ui/Trouble";

const EVERY_MS = 30_000;
const SUBJECT = "alerts:routing";
const MAX_MINUTES = 1_440;
/** Always told of everything: somebody must be. */
const OWNER = "owner";
const ROLES = [OWNER, "manager", "waiter", "cook", "auditor"];

interface Edits {
  sees: Record<string, Record<string, boolean>>;
  /** As they are typed, by level; those that are not are as they were. */
  minutes: Record<number, string>;
}

const NONE: Edits = { sees: {}, minutes: {} };

export function RoutingPanel() {
  const [inForce, setInForce] = useState<AlertRouting | null>(null);
  const asked = usePoll(alertRouting, { everyMs: EVERY_MS, onAnswer: setInForce });
  return (
    <section class="routing" data-testid="routing">
      <h2>{t("routing.title")}</h2>
      <PollTrouble poll={asked} />
      {inForce === null && !asked.lost && !asked.refusal && <p class="soft">{t("loading")}</p>}
      {inForce && <RoutingForm inForce={inForce} onSaved={setInForce} />}
    </section>
  );
}

function RoutingForm({ inForce, onSaved }: { inForce: AlertRouting; onSaved: (routing: AlertRouting) => void }) {
  const [edits, setEdits] = useState(NONE);
  const [saved, setSaved] = useState(false);
  const busy = useWrite(SUBJECT)?.state === "sending";
  const patch = patchOf(edits, inForce);
  useEffect(() => {
    // What was refused last time is not what is asked now.
    if (writes.get().get(SUBJECT)?.state === "refused") forget(SUBJECT);
  }, []);
  const edit = (next: Edits) => {
    // Another change is another command: it must not go under the key of the one before.
    forget(SUBJECT);
    setSaved(false);
    setEdits(next);
  };
  const save = async () => {
    if (!patch) return;
    const answer = await write(SUBJECT, (key) => changeRouting(patch, key));
    if (!answer) return;
    onSaved(answer);
    setEdits(NONE);
    setSaved(true);
  };
  const see = (category: string, role: string, yes: boolean) =>
    edit({ ...edits, sees: { ...edits.sees, [category]: { ...edits.sees[category], [role]: yes } } });
  return (
    <>
      <p class="soft">{t("routing.more")}</p>
      {Object.entries(inForce.sees).map(([category, roles]) => (
        <div key={category} class="field" role="group" aria-label={word("category", category)} data-testid={`routing-${category}`}>
          <span>{word("category", category)}</span>
          <div class="choices">
            {inOrder(Object.keys(roles)).map((role) => {
              const sees = edits.sees[category]?.[role] ?? roles[role] ?? false;
              return (
                <button
                  key={role}
                  type="button"
                  class="big"
                  aria-pressed={sees}
                  disabled={busy || role === OWNER}
                  title={role === OWNER ? t("routing.owner") : undefined}
                  data-testid={`sees-${category}-${role}`}
                  onClick={() => see(category, role, !sees)}
                >
                  {word("role", role)}
                </button>
              );
            })}
          </div>
        </div>
      ))}
      <h3>{t("routing.calls")}</h3>
      <p class="soft">{t("routing.callsMore")}</p>
      <div class="routing-minutes">
        {inForce.escalateAfterMinutes.map((now, level) => {
          const typed = edits.minutes[level] ?? String(now);
          return (
            <label key={level} class="field">
              <span>{t(level === 0 ? "routing.manager" : "routing.thenOwner")}</span>
              <input
                inputMode="numeric"
                value={typed}
                readOnly={busy}
                aria-invalid={minutesOf(typed) === undefined}
                data-testid={`minutes-${level + 1}`}
                onInput={(event) => edit({ ...edits, minutes: { ...edits.minutes, [level]: event.currentTarget.value } })}
              />
              {minutesOf(typed) === undefined && <p class="message bad">{t("routing.minutes")}</p>}
            </label>
          );
        })}
      </div>
      <div class="alert-steps">
        <button type="button" class="primary big" disabled={busy || !patch} aria-busy={busy} data-testid="save-routing" onClick={() => void save()}>
          {t(busy ? "sending" : "routing.save")}
        </button>
        {edits !== NONE && (
          <button type="button" class="big" disabled={busy} onClick={() => edit(NONE)}>
            {t("routing.undo")}
          </button>
        )}
      </div>
      {saved && (
        <p class="message ok" role="status">
          {t("routing.saved")}
        </p>
      )}
      <Trouble subject={SUBJECT} testId="routing-trouble" />
    </>
  );
}

const inOrder = (roles: string[]): string[] => [...ROLES.filter((role) => roles.includes(role)), ...roles.filter((role) => !ROLES.includes(role))];

function minutesOf(text: string): number | undefined {
  const minutes = /^\s*\d{1,4}\s*$/.test(text) ? Number(text) : 0;
  return minutes >= 1 && minutes <= MAX_MINUTES ? minutes : undefined;
}

/** What differs from what is in force; nothing if nothing does, or if a number is none. */
function patchOf({ sees, minutes }: Edits, inForce: AlertRouting): RoutingPatch | undefined {
  const changed = Object.entries(sees).map(([category, roles]) => {
    const others = Object.entries(roles).filter(([role, yes]) => inForce.sees[category]?.[role] !== yes);
    return [category, Object.fromEntries(others)] as const;
  });
  const kept = changed.filter(([, roles]) => Object.keys(roles).length > 0);
  const levels = inForce.escalateAfterMinutes.map((now, level) => minutesOf(minutes[level] ?? String(now)));
  if (levels.includes(undefined)) return undefined;
  const escalateAfterMinutes = levels.map((wanted, level) => (wanted === inForce.escalateAfterMinutes[level] ? null : wanted!));
  if (kept.length === 0 && escalateAfterMinutes.every((one) => one === null)) return undefined;
  return { sees: Object.fromEntries(kept), escalateAfterMinutes };
}
