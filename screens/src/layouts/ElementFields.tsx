// The fields of one element, only those of its kind, and what its texts may name.
import { useRef } from "preact/hooks";
import type { LayoutElement, LayoutField } from "../api/types";
import { t, word } from "../i18n";
import { Icon } from "../ui/icons";
import { Segments } from "../ui/Segments";
import { Stepper } from "../ui/Stepper";
import { fieldsOf, valueOf, withValue, type Field, type FieldValue } from "./elements";
import type { Mistake } from "./mistakes";

const TEXT_LIMIT = 500;

interface ElementFieldsProps {
  element: LayoutElement;
  fields: readonly LayoutField[];
  mistakes: readonly Mistake[];
  onChange: (element: LayoutElement) => void;
}

export function ElementFields({ element, fields: placeholders, mistakes, onChange }: ElementFieldsProps) {
  const fields = fieldsOf(element);
  const texts = fields.filter(({ type }) => type === "text");
  const flags = fields.filter(({ type }) => type === "flag");
  const rest = fields.filter(({ type }) => type !== "text" && type !== "flag");
  const inputs = useRef(new Map<string, HTMLInputElement>());
  const typedLast = useRef<string | null>(null);
  const set = (field: string, value: FieldValue) => onChange(withValue(element, field, value));

  /** Where the person typed last, at the caret; else at the end of the first text. */
  const insert = (name: string) => {
    const field = typedLast.current ?? texts[0]?.name;
    if (field === undefined) return;
    const input = inputs.current.get(field);
    const now = String(valueOf(element, field) ?? "");
    const from = input?.selectionStart ?? now.length;
    const until = input?.selectionEnd ?? from;
    const put = `{${name}}`;
    set(field, now.slice(0, from) + put + now.slice(until));
    requestAnimationFrame(() => {
      input?.focus();
      input?.setSelectionRange(from + put.length, from + put.length);
    });
  };

  if (fields.length === 0) return <p class="element-fields soft">{t("layouts.noFields")}</p>;
  return (
    <div class="element-fields">
      {texts.map(({ name }) => (
        <label key={name} class="field">
          <span>{word("field", name)}</span>
          <input
            ref={(input) => void (input ? inputs.current.set(name, input) : inputs.current.delete(name))}
            value={String(valueOf(element, name) ?? "")}
            maxLength={TEXT_LIMIT}
            autocomplete="off"
            aria-invalid={mistakes.some(({ field }) => field === name)}
            data-testid={`field-${name}`}
            onFocus={() => (typedLast.current = name)}
            onInput={(event) => set(name, event.currentTarget.value)}
          />
        </label>
      ))}
      {texts.length > 0 && placeholders.length > 0 && <Placeholders fields={placeholders} onInsert={insert} />}
      {rest.map((field) => (
        <OneField
          key={field.name}
          field={field}
          value={valueOf(element, field.name)}
          onChange={(value) => set(field.name, value)}
        />
      ))}
      {flags.length > 0 && (
        <div class="element-flags">
          {flags.map(({ name }) => (
            <Flag key={name} name={name} on={valueOf(element, name) === true} onChange={(on) => set(name, on)} />
          ))}
        </div>
      )}
    </div>
  );
}

interface OneFieldProps {
  field: Field;
  value: FieldValue | undefined;
  onChange: (value: FieldValue) => void;
}

function OneField({ field, value, onChange }: OneFieldProps) {
  const label = word("field", field.name);
  if (field.type === "choice") {
    return (
      <div class="field">
        <span>{label}</span>
        <Segments
          label={label}
          value={String(value ?? field.values[0])}
          options={field.values.map((each) => ({ value: each, text: word(field.of, each) }))}
          onChoose={onChange}
        />
      </div>
    );
  }
  if (field.type !== "count") return null;
  const { min, max, step } = field;
  return (
    <div class="field-row">
      <span>{label}</span>
      <Stepper
        value={typeof value === "number" ? value : min}
        name={label}
        min={min}
        max={max}
        step={step}
        onChange={onChange}
      />
    </div>
  );
}

function Flag({ name, on, onChange }: { name: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <button
      type="button"
      role="checkbox"
      class="flag-button"
      aria-checked={on}
      data-testid={`field-${name}`}
      onClick={() => onChange(!on)}
    >
      <span class="tick">{on && <Icon name="check" />}</span>
      {word("field", name)}
    </button>
  );
}

/** What may stand in braces. A tap puts it where the person typed last. */
function Placeholders({ fields, onInsert }: { fields: readonly LayoutField[]; onInsert: (name: string) => void }) {
  return (
    <div class="placeholders" role="group" aria-label={t("layouts.placeholders")}>
      <small>{t("layouts.placeholders")}</small>
      <div>
        {fields.map(({ name, description, example }) => (
          <button
            key={name}
            type="button"
            title={`{${name}} – ${description}`}
            data-testid={`placeholder-${name}`}
            // The caret stays where it is.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onInsert(name)}
          >
            {word("placeholder", name)}
            <small>{example}</small>
          </button>
        ))}
      </div>
    </div>
  );
}
