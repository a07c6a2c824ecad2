// Two places changed the same thing at once. The system took the safer value and goes on; a person decides here.
import type { FieldConflict } from "../api/types";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { write } from "../state/write";
import { Icon } from "../ui/icons";

export interface ConflictsProps {
  conflicts: readonly FieldConflict[];
  subject: string;
  name: (field: string) => string;
  print: (value: string, field: string) => string;
  choose: (field: string, value: string, key: string) => Promise<unknown>;
}

export function Conflicts({ conflicts, ...rest }: ConflictsProps) {
  return (
    <>
      {conflicts.map((conflict) => (
        <Conflict key={conflict.field} conflict={conflict} {...rest} />
      ))}
    </>
  );
}

function Conflict({ conflict, subject, name, print, choose }: Omit<ConflictsProps, "conflicts"> & { conflict: FieldConflict }) {
  const { field, values } = conflict;
  const place = `conflict:${subject}:${field}`;
  const now = useWrite(place);
  return (
    <div class="conflict" role="alert" data-testid={`conflict-${subject}`}>
      <Icon name="alert" />
      <span>{t("dash.conflict", { field: name(field) })}</span>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          disabled={now?.state === "sending"}
          onClick={() => void write(place, (key) => choose(field, value, key))}
        >
          {print(value, field)}
        </button>
      ))}
      {now && now.state !== "sending" && <span class="edit-trouble">{now.message || t("noAnswer")}</span>}
    </div>
  );
}
