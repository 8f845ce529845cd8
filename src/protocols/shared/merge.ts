import { isObject, type Json } from './json.ts';

/** Strings that name something come whole, once or repeated; every other string is a piece to append. */
const WHOLE = new Set(['id', 'type', 'role', 'name', 'format', 'signature', 'model', 'call_id']);

/**
 * Adds one member of a delta to the message that grows: strings append, lists merge by `index` or grow, objects merge,
 * anything else replaces. Knows no field by name but those in `WHOLE`, so what a provider adds tomorrow is assembled too.
 */
export function mergeDelta(target: Json, key: string, value: unknown): void {
  // `__proto__` from outside must reach nobody's prototype.
  if (value === null || value === undefined || key === '__proto__') return;
  const before = Object.hasOwn(target, key) ? target[key] : undefined;
  if (typeof value === 'string') {
    target[key] = typeof before === 'string' && (!WHOLE.has(key) || value === '') ? before + value : value;
  } else if (Array.isArray(value)) {
    const grown: unknown[] = Array.isArray(before) ? before : [];
    for (const item of value as readonly unknown[]) mergeItem(grown, item);
    target[key] = grown;
  } else if (isObject(value)) {
    const grown: Json = isObject(before) ? before : {};
    for (const member in value) mergeDelta(grown, member, value[member]);
    target[key] = grown;
  } else target[key] = value;
}

function mergeItem(grown: unknown[], item: unknown): void {
  const same =
    isObject(item) && typeof item.index === 'number'
      ? grown.find((other) => isObject(other) && other.index === item.index && other.type === item.type)
      : undefined;
  if (isObject(same) && isObject(item)) for (const key in item) mergeDelta(same, key, item[key]);
  else grown.push(item);
}
