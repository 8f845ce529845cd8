import { useQuery } from '@tanstack/react-query';
import { routesQuery } from '../data/queries.ts';

/** The browser's own list: the best one on a phone, and the only one that every reader knows. */
export function RouteSelect({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  readonly onChange: (route: string | undefined) => void;
}) {
  const routes = useQuery(routesQuery);
  const names = (routes.data ?? []).map((route) => route.name);
  if (value !== undefined && !names.includes(value)) names.unshift(value);
  return (
    <select
      className="select"
      aria-label="Route"
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
    >
      <option value="">All routes</option>
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}
