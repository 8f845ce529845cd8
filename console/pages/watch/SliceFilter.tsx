import { type FormEvent, useId } from 'react';
import { CloseIcon } from '../../parts/icons.tsx';

/** One name that callers give by header or key: written in, and then shown as itself with a way out. */
export function SliceFilter({
  name,
  value,
  onChange,
}: {
  readonly name: 'Tenant' | 'Feature';
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}) {
  const id = useId();
  if (value !== undefined)
    return (
      <button
        type="button"
        className="button slice"
        aria-label={`${name} ${value}; show all`}
        onClick={() => onChange(undefined)}
      >
        <span className="slice-name">
          <span className="quiet">{name.toLowerCase()}</span> {value}
        </span>
        <CloseIcon />
      </button>
    );
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('value') ?? '').trim();
    if (text !== '') onChange(text);
  };
  return (
    <form className="slice" onSubmit={submit}>
      <label htmlFor={id} className="sr">
        {name}
      </label>
      <input
        id={id}
        className="input slice-input"
        name="value"
        placeholder={name}
        autoComplete="off"
        spellCheck={false}
        enterKeyHint="go"
      />
    </form>
  );
}
