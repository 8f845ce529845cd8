import type { RouteView } from '@midwatch/contracts';

/** The policy as plain text, numbered, one rule a line, for a ticket or a terminal. */
export const policyText = ({ name, policy }: Pick<RouteView, 'name' | 'policy'>): string => {
  const wide = Math.max(0, ...policy.map((rule) => rule.step.length));
  const digits = String(policy.length).length;
  return [
    `Route ${name}`,
    ...policy.map(
      (rule, at) => `${String(at + 1).padStart(digits)}  ${rule.step.padEnd(wide)}  ${rule.says}`,
    ),
  ].join('\n');
};
