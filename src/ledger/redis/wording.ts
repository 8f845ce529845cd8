import type { AuthorityAccount, AuthorityMessage, AuthorityReply } from '#contracts';

/** The message as the script reads it. JSON has no infinity: what has no bound is absent. */
export function write({ seq, leaseMs, accounts, wants }: AuthorityMessage): string {
  return JSON.stringify({
    seq,
    leaseMs,
    accounts: accounts.map(account),
    wants: wants.map((claims) => claims.map(({ account, amount, leave }) => [account, amount, leave])),
  });
}

function account({ as, rule, keepMs, taken, settled, idle, holdMs, wish, lower }: AuthorityAccount) {
  const bound =
    rule.kind === 'bucket'
      ? { kind: rule.kind, rate: rule.rate, capacity: rule.capacity }
      : { kind: rule.kind, limit: finite(rule.limit), endsAt: rule.endsAt };
  return {
    as,
    ...bound,
    slack: finite(rule.sharing.slack),
    keepMs: Math.ceil(keepMs),
    taken,
    settled,
    idle,
    holdMs: Math.ceil(holdMs),
    wish: Math.min(wish, Number.MAX_SAFE_INTEGER),
    lower,
  };
}

const finite = (x: number): number | undefined => (Number.isFinite(x) ? x : undefined);
const number = (text: string): number => (text === 'inf' ? Number.POSITIVE_INFINITY : Number(text));

/** Undefined when it is not the answer to a message of this shape. */
export function read(reply: unknown, accounts: number, wants: number): AuthorityReply | undefined {
  if (!Array.isArray(reply) || reply.length !== 3 * (accounts + wants)) return undefined;
  const parts = reply.map(String);
  const triple = (i: number) => [parts[3 * i]!, parts[3 * i + 1]!, parts[3 * i + 2]!] as const;
  return {
    accounts: Array.from({ length: accounts }, (_, i) => {
      const [extra, left, settled] = triple(i);
      return { extra: number(extra), left: number(left), settled: number(settled) };
    }),
    wants: Array.from({ length: wants }, (_, i) => {
      const [ok, claim, waitMs] = triple(accounts + i);
      return ok === '1' ? { ok: true } : { ok: false, claim: Number(claim), waitMs: number(waitMs) };
    }),
  };
}
