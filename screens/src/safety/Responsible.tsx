// Who sees to a record.
import { useEffect, useState } from "preact/hooks";
import { assignRecord, people } from "../api/safety";
import { may, session } from "../api/session";
import type { ComplianceRecord, Somebody } from "../api/types";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";
import { Trouble } from "../ui/Trouble";

const NOBODY = "";

export function Responsible({ record, onChanged }: { record: ComplianceRecord; onChanged: () => void }) {
  const [wanted, want] = useState<string | null>(null);
  // The record has come anew: what it says counts.
  useEffect(() => want(null), [record]);
  const subject = `responsible:${record.id}`;
  const busy = useWrite(subject)?.state === "sending";
  const me = session.get()?.person;
  const { responsible, responsibleId } = record;
  const [listed, list] = useState<Somebody[]>(me ? [me] : []);
  useEffect(() => {
    people().then((answer) => list(answer.people), () => {});
  }, []);
  // One whose account is no longer in use may still have it.
  const gone = responsibleId != null && listed.every(({ id }) => id !== responsibleId);
  const assign = async (personId: string) => {
    forget(subject);
    want(personId);
    if (await write(subject, (key) => assignRecord(record.id, personId === NOBODY ? null : personId, key))) onChanged();
    else want(null);
  };
  return (
    <>
      <label class="field">
        <span>{t("record.responsible")}</span>
        <select
          value={wanted ?? responsibleId ?? NOBODY}
          disabled={busy || record.closedAt != null || !may("haccp.record")}
          data-testid="responsible"
          onChange={(event) => void assign(event.currentTarget.value)}
        >
          <option value={NOBODY}>{t("record.nobody")}</option>
          {listed.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          {gone && <option value={responsibleId}>{responsible ?? "–"}</option>}
        </select>
      </label>
      <Trouble subject={subject} testId="responsible-trouble" />
    </>
  );
}
