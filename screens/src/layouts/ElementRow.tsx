// One element: closed, a line that says what it is; open, its fields in place.
import { useEffect, useRef } from "preact/hooks";
import type { LayoutElement, LayoutField } from "../api/types";
import { t, word } from "../i18n";
import { Icon, type IconName } from "../ui/icons";
import { ElementFields } from "./ElementFields";
import { style, summary } from "./elements";
import type { Row } from "./layouts";
import type { Mistake } from "./mistakes";

interface ElementRowProps {
  row: Row;
  place: number;
  last: boolean;
  open: boolean;
  fields: readonly LayoutField[];
  mistakes: readonly Mistake[];
  onToggle: () => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
  onChange: (element: LayoutElement) => void;
}

export function ElementRow(props: ElementRowProps) {
  const { row, place, last, open, fields, mistakes, onToggle, onMove, onRemove, onChange } = props;
  const { element } = row;
  const box = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (open) box.current?.scrollIntoView({ block: "nearest" });
  }, [open]);
  const name = word("element", element.kind);
  const classes = ["element", open && "open", mistakes.length > 0 && "wrong"].filter(Boolean).join(" ");
  return (
    <li ref={box} class={classes} data-testid={`element-${place}`} data-kind={element.kind}>
      <div class="element-head">
        <button
          type="button"
          class="element-open quiet"
          aria-expanded={open}
          data-testid={`element-open-${place}`}
          onClick={onToggle}
        >
          <span class="element-kind">
            {name}
            <small>{style(element)}</small>
          </span>
          {!open && summary(element) && <span class="element-summary">{summary(element)}</span>}
        </button>
        <Handle what="up" icon="up" name={name} place={place} disabled={place === 0} onClick={() => onMove(-1)} />
        <Handle what="down" icon="down" name={name} place={place} disabled={last} onClick={() => onMove(1)} />
        <Handle what="remove" icon="trash" name={name} place={place} onClick={onRemove} />
      </div>
      {mistakes.map(({ field, message }) => (
        <p key={field + message} class="element-mistake" role="alert" data-testid={`element-mistake-${place}`}>
          <Icon name="alert" />
          <span>
            {field && <b>{word("field", field)}: </b>}
            {message}
          </span>
        </p>
      ))}
      {open && <ElementFields element={element} fields={fields} mistakes={mistakes} onChange={onChange} />}
    </li>
  );
}

interface HandleProps {
  what: "up" | "down" | "remove";
  icon: IconName;
  /** The element's. */
  name: string;
  place: number;
  disabled?: boolean;
  onClick: () => void;
}

function Handle({ what, icon, name, place, disabled, onClick }: HandleProps) {
  return (
    <button
      type="button"
      class="quiet"
      aria-label={t(`layouts.${what}`, { element: name })}
      disabled={disabled}
      data-testid={`element-${what}-${place}`}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
