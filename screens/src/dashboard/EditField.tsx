// A number that can be changed: the input, a Save button, and what became of it. What was typed stays until
// the box has answered; what others change shows at once in a field that nobody is typing in.
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { useWrite } from "../state/useWrite";
import { forget, write } from "../state/write";

export interface EditFieldProps<T> {
  /** What is edited, e.g. `price:<id>`; one write at a time. */
  subject: string;
  label: string;
  text: string;
  unit: string;
  /** What an empty field says, where a value may be missing. */
  placeholder?: string;
  /** What was typed as a value; undefined when it is none. */
  parse: (text: string) => T | undefined;
  save: (value: T, key: string) => Promise<unknown>;
  inputId: string;
  saveId: string;
}

export function EditField<T>(props: EditFieldProps<T>) {
  const [typed, setTyped] = useState<string | null>(null);
  const [done, setDone] = useState(false);
  const now = useWrite(props.subject);
  const shown = typed ?? props.text;
  const value = props.parse(shown);
  const changed = typed !== null && typed.trim() !== props.text;
  const busy = now?.state === "sending";

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (value === undefined || !changed) return;
    const saved = await write(props.subject, (key) => props.save(value, key).then(() => true));
    if (!saved) return;
    setTyped(null);
    setDone(true);
  };
  const onInput = (text: string) => {
    // Another value is another command: it must not go under the key of the one before.
    if (!busy) forget(props.subject);
    setTyped(text);
    setDone(false);
  };

  return (
    <form class="edit-field" onSubmit={submit}>
      <span class="edit-input">
        <input
          inputMode="decimal"
          aria-label={props.label}
          aria-invalid={value === undefined}
          placeholder={props.placeholder}
          value={shown}
          readOnly={busy}
          data-testid={props.inputId}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <i>{props.unit}</i>
      </span>
      <button
        type="submit"
        class={changed ? "primary" : done || busy ? "" : "idle"}
        disabled={busy || !changed || value === undefined}
        data-testid={props.saveId}
        aria-label={`${t("edit.save")}: ${props.label}`}
      >
        {t(busy ? "edit.saving" : done && !changed ? "edit.saved" : "edit.save")}
      </button>
      {now && !busy && (
        <span class="edit-trouble" role="alert">
          {now.message || t("noAnswer")}
        </span>
      )}
    </form>
  );
}
