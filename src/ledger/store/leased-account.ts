import type {
  Account,
  AccountReading,
  AccountRule,
  AuthorityAccount,
  AuthorityReply,
  EpochMs,
} from '#contracts';

const DAY = 86_400_000;
const BUCKET_KEEP = 600_000;
const EPSILON = 1e-6;

/**
 * What one replica knows and holds of a shared account. `taken` is what it has from the authority and not given back: settled,
 * reserved and idle. Only idle can be handed out without asking.
 */
export class Leased implements Account {
  readonly id: string;
  /** See `AuthorityAccount.as`. */
  readonly as: string;
  rule: AccountRule;
  taken = 0;
  settled = 0;
  idle = 0;
  /** Most idle the authority knows of: what comes back from settling stays here up to this, the rest goes home. */
  idleCap = 0;
  touched: EpochMs;
  /** When the last of its holds expires. */
  until: EpochMs = 0;
  /** Provider's word not yet told. */
  lower: number | undefined;
  /** As of the last reply. */
  known: { readonly left: number; readonly settled: number; readonly at: EpochMs };
  /** Own figures as the authority knew them then. */
  private told = { taken: 0, settled: 0 };

  /** Changed since it was last told, kept by the store. */
  private readonly dirty: Set<Leased>;

  constructor(id: string, rule: AccountRule, as: string, dirty: Set<Leased>, now: EpochMs) {
    this.id = id;
    this.as = as;
    this.dirty = dirty;
    this.rule = rule;
    this.touched = now;
    this.known = { left: rule.kind === 'bucket' ? rule.capacity : rule.limit, settled: 0, at: now };
  }

  /** Nothing to ask for: it only counts. */
  get boundless(): boolean {
    return this.rule.kind === 'tally' && this.rule.limit === Number.POSITIVE_INFINITY;
  }

  /** Left for this replica by what it knows; may be negative. */
  left(now: EpochMs): number {
    const since = this.known.left - (this.taken - this.told.taken) + this.idle;
    if (this.rule.kind === 'tally') return since;
    return Math.min(this.rule.capacity, since + this.rule.rate * Math.max(0, now - this.known.at));
  }

  /** Whether `amount` can be had with `leave` left, by what is known here. */
  fits(amount: number, leave: number, now: EpochMs): boolean {
    const most = this.rule.kind === 'bucket' ? this.rule.capacity : this.rule.limit;
    return Math.min(amount + leave, most) <= this.left(now) + EPSILON;
  }

  /** Takes from idle first; the rest is beyond the lease and only right when that was granted or declared. */
  draw(amount: number, now: EpochMs): void {
    const own = Math.min(this.idle, amount);
    this.idle -= own;
    this.taken += amount - own;
    this.touched = now;
    this.dirty.add(this);
  }

  /** What was reserved and not used: kept idle up to the cap, else given back. */
  back(amount: number): void {
    const keep = Math.min(amount, Math.max(0, this.idleCap - this.idle));
    this.idle += keep;
    this.taken -= amount - keep;
    this.dirty.add(this);
  }

  bill(reserved: number, actual: number): void {
    if (actual < reserved) this.back(reserved - actual);
    else this.taken += actual - reserved;
    if (this.rule.kind === 'tally') this.settled += actual;
    this.dirty.add(this);
  }

  /** The lease ran out, or nobody needs it. */
  drop(): void {
    this.taken -= this.idle;
    this.idle = 0;
    this.idleCap = 0;
    this.dirty.add(this);
  }

  /** A quarter of the slack, asked for when less than half of that is left. */
  wish(): number {
    const { slack } = this.rule.sharing;
    if (!Number.isFinite(slack) || slack <= 0) return 0;
    const slice = Math.max(1, Math.floor(slack / 4));
    return this.idle < slice / 2 ? slice - Math.floor(this.idle) : 0;
  }

  report(now: EpochMs, wishes: boolean): AuthorityAccount {
    const { id, as, rule, taken, settled, idle, lower } = this;
    const report: AuthorityAccount = {
      id,
      as,
      rule,
      keepMs: keepOf(rule, now),
      taken,
      settled,
      idle,
      holdMs: Math.max(0, this.until - now),
      wish: wishes ? this.wish() : 0,
      ...(lower !== undefined && { lower }),
    };
    this.dirty.delete(this);
    this.lower = undefined;
    // From now on no more than this may be idle here, whatever comes back meanwhile.
    this.idleCap = idle;
    return report;
  }

  /** `granted` to wants of this message. */
  learn(
    report: AuthorityAccount,
    reply: AuthorityReply['accounts'][number],
    granted: number,
    now: EpochMs,
  ): void {
    this.taken += granted + reply.extra;
    this.idle += reply.extra;
    this.idleCap = report.idle + reply.extra;
    this.told = { taken: report.taken + granted + reply.extra, settled: report.settled };
    this.known = { left: reply.left, settled: reply.settled, at: now };
  }

  reading(now: EpochMs): AccountReading {
    const left = this.left(now);
    if (this.rule.kind === 'bucket') {
      const used = this.rule.capacity - left;
      return { used, share: used / this.rule.capacity, left: Math.max(0, left), settled: 0, reserved: 0 };
    }
    const settled = this.known.settled + this.settled - this.told.settled;
    const { limit } = this.rule;
    // Idle slices of others cannot be told from their reservations; they are gone for us either way.
    const used = Number.isFinite(limit) ? limit - left : settled + (this.taken - this.settled - this.idle);
    return {
      used,
      share: limit === 0 ? 1 : used / limit,
      left: Math.max(0, left),
      settled,
      reserved: Math.max(0, used - settled),
    };
  }
}

function keepOf(rule: AccountRule, now: EpochMs): number {
  if (rule.kind === 'bucket') return BUCKET_KEEP;
  if (rule.endsAt !== undefined) return Math.max(0, rule.endsAt - now) + DAY;
  return rule.keepMs ?? 0;
}
