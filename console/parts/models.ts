/** `gpt-5.5` served as `gpt-5.5-2026-08-01` is an alias resolved, not another model. */
export const compareModel = (asked: string, served: string): 'same' | 'resolved' | 'other' => {
  const last = (name: string): string => name.slice(name.lastIndexOf('/') + 1).toLowerCase();
  const [a, b] = [last(asked), last(served)];
  if (a === b) return 'same';
  return b.startsWith(a) && /^[-@:_]/.test(b.slice(a.length)) ? 'resolved' : 'other';
};
