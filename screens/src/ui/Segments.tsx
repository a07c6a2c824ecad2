// A choice of one among few, all in sight.

export interface SegmentsProps<V extends string> {
  label: string;
  value: V;
  options: readonly { value: V; text: string }[];
  onChoose: (value: V) => void;
  disabled?: boolean;
}

export function Segments<V extends string>({ label, value, options, onChoose, disabled }: SegmentsProps<V>) {
  return (
    <div class="segments" role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          disabled={disabled}
          onClick={() => onChoose(option.value)}
        >
          {option.text}
        </button>
      ))}
    </div>
  );
}
