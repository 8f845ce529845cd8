import { RadioGroup } from 'radix-ui';
import { DEFAULT_RANGE, RANGE_NAMES, type RangeName, type WindowSearch } from '../data/window.ts';
import { clockTime, day } from './format.ts';
import { CloseIcon } from './icons.tsx';

/** Spans that follow the clock; two fixed ends show as themselves, with a way back. */
export function RangePicker({
  value,
  onChange,
}: {
  readonly value: WindowSearch;
  readonly onChange: (range: RangeName) => void;
}) {
  if (value.from !== undefined && value.to !== undefined) {
    const sameDay = day(value.from) === day(value.to);
    const text = sameDay
      ? `${day(value.from).slice(5)} ${clockTime(value.from).slice(0, 5)}–${clockTime(value.to).slice(0, 5)}`
      : `${day(value.from).slice(5)} ${clockTime(value.from).slice(0, 5)} – ${day(value.to).slice(5)} ${clockTime(value.to).slice(0, 5)}`;
    return (
      <button
        type="button"
        className="button"
        onClick={() => onChange(DEFAULT_RANGE)}
        aria-label={`Range ${text}; follow the clock again`}
      >
        <span className="num">{text}</span>
        <CloseIcon />
      </button>
    );
  }
  return (
    <RadioGroup.Root
      className="segments"
      aria-label="Time range"
      orientation="horizontal"
      value={value.range ?? DEFAULT_RANGE}
      onValueChange={(next) => onChange(next as RangeName)}
    >
      {RANGE_NAMES.map((name) => (
        <RadioGroup.Item key={name} value={name} className="segment num">
          {name}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
