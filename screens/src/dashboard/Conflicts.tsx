// Two places changed the same thing at once. The system took the safer value and goes on; a person decides here.
import { useRef } from "preact/hooks";
import type { FieldConflict } from "../api/types";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { Icon } from "../ui/icons";

export interface ConflictsProps<P> {
  conflicts: readonly FieldConflict[];
  subject: string;
  name: (field: string) => string;
  print: (value: string, field: string) => string;
  /** What is saved when a value is chosen; null where this screen can only show the values. */
  patch: (field: string, value: string) => P | null;
  save: (patch: P, key: string) => Promise<unknown>;
}

export function Conflicts<P>({ conflicts, ...rest }: ConflictsProps<P>) {
  return (
    <>
      {conflicts.map((conflict) => (
        <Conflict key={conflict.field} conflict={conflict} {...rest} />
      ))}
    </>
  );
}

type ConflictProps<P> = Omit<ConflictsProps<P>, "conflicts"> & { conflict: FieldConflict };

function Conflict<P>({ conflict: { field, values }, subject, name, print, patch, save }: ConflictProps<P>) {
  const place = `conflict:${subject}:${field}`;
  const now = useWrite(place);
  const tried = useRef<string | null>(null);
  const choose = (value: string, chosen: P) => {
    // Another value is another command: it must not go under the key of the one before.
    if (tried.current !== value) forget(place);
    tried.current = value;
    void write(place, (key) => save(chosen, key));
  };
  return (
    <div class="conflict" role="alert" data-testid={`conflict-${subject}`}>
      <Icon name="alert" />
      <span>{t("dash.conflict", { field: name(field) })}</span>
      {values.map((value) => {
        const chosen = patch(field, value);
        if (chosen === null) return <b key={value}>{print(value, field)}</b>;
        return (
          <button
            key={value}
            type="button"
            disabled={now?.state === "sending"}
            onClick={() => choose(value, chosen)}
          >
            {print(value, field)}
          </button>
        );
      })}
      {now && now.state !== "sending" && <span class="edit-trouble">{now.message || t("noAnswer")}</span>}
    </div>
  );
}
