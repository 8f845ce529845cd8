/** `*` stands for any run of characters, as in `routes.<name>.match`. */
export function pattern(text: string): (value: string) => boolean {
  if (text === '*') return () => true;
  if (!text.includes('*')) return (value) => value === text;
  const parts = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (value) => expression.test(value);
}
