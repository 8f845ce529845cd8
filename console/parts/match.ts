/** Every word typed must begin some word of the text: `ro su` finds “Route support”. */
export const matches = (typed: string, text: string): boolean => {
  const words = text.toLowerCase().split(/[\s\-_/.:]+/);
  const whole = text.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every(
      (part) => words.some((word) => word.startsWith(part)) || (part.length > 2 && whole.includes(part)),
    );
};
