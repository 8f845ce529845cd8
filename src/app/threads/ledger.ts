import type {
  BudgetAsk,
  BudgetDecision,
  BudgetGrant,
  BudgetRefusal,
  Config,
  LimitReading,
  QuotaAmounts,
  QuotaAsk,
  QuotaDecision,
  QuotaGrant,
  QuotaRefusal,
} from '#contracts';
import type { LedgerPorts } from '#gateway';

type Key = Parameters<NonNullable<LedgerPorts['quotas']>['observe']>[0];
type Bill = Parameters<BudgetGrant['settle']>[0];

/** What a thread asks of the one ledger, which is the first thread's. */
export type LedgerAsked =
  | { readonly id: number; readonly budget: BudgetAsk }
  | { readonly id: number; readonly quota: Omit<QuotaAsk, 'signal'> }
  /** Nobody waits for that answer any more. */
  | { readonly id: number; readonly left: true }
  | { readonly id: number; readonly bill: Bill }
  | { readonly id: number; readonly used: QuotaAmounts }
  /** Of a grant: the attempt was never sent. */
  | { readonly id: number; readonly release: true }
  | { readonly observed: readonly LimitReading[]; readonly key: Key }
  | { readonly refused: number; readonly key: Key };

/** Its answer to the ask of that id, without the functions of a grant. */
export type LedgerTold =
  | { readonly id: number; readonly budget: { readonly ok: true } | BudgetRefusal }
  | {
      readonly id: number;
      readonly quota: Pick<QuotaGrant, 'ok' | 'waitedMs'> | QuotaRefusal;
    };

/**
 * The ledger as the other threads see it. Every decision is one message there and one back, so that all threads count in one
 * book and wait in one line; leases ahead would be faster and could refuse while another thread still had some.
 */
export function farLedger(
  post: (asked: LedgerAsked) => void,
  answers: LedgerPorts['answers'],
  config: () => Config,
): { readonly ports: LedgerPorts; told(answer: LedgerTold): void } {
  const budgets = new Map<number, (decision: BudgetDecision) => void>();
  const quotas = new Map<number, (decision: QuotaDecision) => void>();
  let last = 0;
  const once = () => {
    let open = true;
    return (message: LedgerAsked): boolean => {
      if (!open) return false;
      open = false;
      post(message);
      return true;
    };
  };

  return {
    ports: {
      answers,
      budgets: {
        reserve: (ask) => {
          const id = ++last;
          post({ id, budget: ask });
          return new Promise((resolve) => budgets.set(id, resolve));
        },
      },
      quotas: {
        reserve({ signal, ...ask }) {
          if (!config().providers[ask.provider]?.quota) return undefined;
          const id = ++last;
          post({ id, quota: ask });
          signal?.addEventListener('abort', () => quotas.has(id) && post({ id, left: true }), {
            once: true,
          });
          return new Promise((resolve) => quotas.set(id, resolve));
        },
        observe: (key, observed) => post({ key, observed }),
        refused: (key, refused) => post({ key, refused }),
      },
    },
    told(answer) {
      const { id } = answer;
      const send = once();
      const release = () => send({ id, release: true });
      if ('budget' in answer) {
        budgets.get(id)?.(
          answer.budget.ok ? { ok: true, settle: (bill) => send({ id, bill }), release } : answer.budget,
        );
        budgets.delete(id);
      } else {
        const { quota } = answer;
        quotas.get(id)?.(quota.ok ? { ...quota, settle: (used) => send({ id, used }), release } : quota);
        quotas.delete(id);
      }
    },
  };
}

const FREE: BudgetGrant = { ok: true, settle: () => true, release: () => true };

/** The first thread's end. Grants of a thread that ends unsettled come back when they expire, like those of any call that never told. */
export function nearLedger(
  ledger: () => LedgerPorts | undefined,
  post: (answer: LedgerTold) => void,
): (asked: LedgerAsked) => void {
  const budgets = new Map<number, BudgetGrant>();
  const quotas = new Map<number, QuotaGrant>();
  const waiting = new Map<number, AbortController>();

  function decideBudget(id: number, decision: BudgetDecision): void {
    if (decision.ok) budgets.set(id, decision);
    post({ id, budget: decision.ok ? { ok: true } : decision });
  }
  function decideQuota(id: number, decision: QuotaDecision | undefined): void {
    waiting.delete(id);
    if (decision?.ok) quotas.set(id, decision);
    post({ id, quota: decision?.ok === false ? decision : { ok: true, waitedMs: decision?.waitedMs ?? 0 } });
  }

  return (asked) => {
    const to = ledger();
    if ('key' in asked) {
      if ('observed' in asked) to?.quotas?.observe(asked.key, asked.observed);
      else to?.quotas?.refused(asked.key, asked.refused);
      return;
    }
    const { id } = asked;
    if ('budget' in asked) {
      const decision = to?.budgets?.reserve(asked.budget) ?? FREE;
      if (decision instanceof Promise) void decision.then((told) => decideBudget(id, told));
      else decideBudget(id, decision);
    } else if ('quota' in asked) {
      const gaveUp = new AbortController();
      waiting.set(id, gaveUp);
      const decision = to?.quotas?.reserve({ ...asked.quota, signal: gaveUp.signal });
      if (decision instanceof Promise) void decision.then((told) => decideQuota(id, told));
      else decideQuota(id, decision);
    } else if ('left' in asked) waiting.get(id)?.abort();
    else if ('bill' in asked) {
      budgets.get(id)?.settle(asked.bill);
      budgets.delete(id);
    } else if ('used' in asked) {
      quotas.get(id)?.settle(asked.used);
      quotas.delete(id);
    } else {
      (budgets.get(id) ?? quotas.get(id))?.release();
      budgets.delete(id);
      quotas.delete(id);
    }
  };
}
