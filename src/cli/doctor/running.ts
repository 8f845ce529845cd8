import { VERSION } from '#app';
import type { Clock, ProviderView, Status, SystemView } from '#contracts';
import { ago, bytes, count, percent, plural, span } from '#contracts/say';
import { bad, type Finding, good, note, warn } from './finding.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const CLOCKS_APART = 5_000;
const MUCH_MEMORY = 600e6;

/** What a running Midwatch tells everybody. */
export function status(now: Status, url: string, clock: Clock): Finding[] {
  const findings = [
    good('midwatch', `${now.version} at ${url}, ${now.state}, up for ${span(clock.now() - now.startedAt)}`),
  ];
  if (now.state === 'draining')
    findings.push(note('midwatch', 'It is draining: running streams may finish, new requests are refused'));
  if (now.version !== VERSION)
    findings.push(
      note('midwatch', `This command is ${VERSION}, what runs is ${now.version}`, {
        remedy: 'Restart it to take the new version.',
      }),
    );
  if (now.open)
    findings.push(
      note('keys', 'No key exists', {
        why: 'Any program on this machine can call the models at your expense.',
        remedy: '`midwatch keys create <name>`; from then on every caller needs one.',
      }),
    );
  if (now.simulated)
    findings.push(
      note('midwatch', 'Answers come from the simulator', {
        why: 'No provider key was found in its environment or configuration.',
        remedy: 'Set OPENAI_API_KEY or ANTHROPIC_API_KEY and restart, or write providers into midwatch.yaml.',
      }),
    );
  if (now.database === 'down')
    findings.push(
      bad('database', 'The database is down', {
        why: 'Traffic goes on and is kept in the spool; screens and `show` have nothing to read.',
        remedy: 'Bring the database back; the reason is in the log and, once logged in, below.',
      }),
    );
  return findings;
}

/** What it tells whoever is logged in. */
export function system(view: SystemView, clock: Clock): Finding[] {
  return [
    ...spool(view),
    ...database(view),
    ...threads(view),
    ...replicas(view),
    ...room(view),
    ...process(view, clock),
  ];
}

/** Targets that nobody is sent to. A refused key is a fault of the set-up; that a provider is down is none, and whoever is woken wants to know it first. */
export const down = (targets: readonly ProviderView[]): Finding[] =>
  targets
    .filter(({ status, keyRefused, routes }) => routes.length > 0 && (status === 'down' || keyRefused))
    .map((one) =>
      (one.keyRefused ? bad : warn)(
        `provider ${one.provider}`,
        `${one.model}${one.endpoint ? ` (${one.endpoint})` : ''} is ${one.keyRefused ? 'asked with a key that it refuses' : 'down'}`,
        {
          why: one.says,
          remedy:
            '`midwatch providers` has all of them, `midwatch tail --outcome bad` what callers get of it.',
        },
      ),
    );

function spool({ spool }: SystemView): Finding[] {
  const findings: Finding[] = [];
  const share = spool.maxBytes > 0 ? spool.bytes / spool.maxBytes : 0;
  if (spool.dropped > 0)
    findings.push(
      bad('spool', `${count(spool.dropped)} exchanges were not recorded since the start`, {
        why: spool.trouble ?? 'The spool was at its declared bound.',
        remedy: 'Bring the database back or raise `spool.max`; every number of that time is a lower bound.',
      }),
    );
  if (spool.trouble !== undefined)
    findings.push(
      bad('spool', 'The spool cannot be written', {
        why: spool.trouble,
        remedy: 'Free space or mend the permissions of the data folder; it is tried again by itself.',
      }),
    );
  if (share >= 0.5)
    findings.push(
      (share >= 0.8 ? bad : warn)('spool', `It is ${percent(share)} full`, {
        why: `${count(spool.waiting)} exchanges (${bytes(spool.bytes)} of ${bytes(spool.maxBytes)}) wait for the database.`,
        remedy:
          'Find out why the database does not take them; at the bound exchanges are no longer recorded.',
      }),
    );
  if (spool.lagMs >= MINUTE)
    findings.push(
      (spool.lagMs >= 10 * MINUTE ? bad : warn)('spool', `Screens are ${span(spool.lagMs)} behind`, {
        why: `${count(spool.waiting)} exchanges are not in the database yet.`,
        remedy: 'Nothing is lost. If it grows, look at the load of the database.',
      }),
    );
  return findings.length > 0
    ? findings
    : [good('spool', `${count(spool.taken)} exchanges taken, ${count(spool.waiting)} waiting, none dropped`)];
}

function database({ database, retention, now }: SystemView): Finding[] {
  if (database.state === 'down')
    return [
      bad('database', database.trouble ?? 'It does not answer', {
        remedy:
          database.kind === 'external'
            ? 'Start it, check the network, user and password in DATABASE_URL.'
            : 'It is started again by itself; if it does not come back, the log says what Postgres said.',
      }),
    ];
  const used = retention.usedBytes === undefined ? 0 : retention.usedBytes / retention.diskBytes;
  const about = [
    database.kind,
    database.version && `Postgres ${database.version}`,
    database.schema !== undefined && `schema ${database.schema}`,
    database.exchanges !== undefined && `${count(database.exchanges)} exchanges`,
    database.bytes !== undefined && `${bytes(database.bytes)} of ${bytes(retention.diskBytes)}`,
  ].filter(Boolean);
  return [
    good('database', about.join(', ')),
    ...lost(retention, now),
    ...(used >= 0.9
      ? [
          note('database', `Its disk budget is ${percent(used)} used`, {
            why: 'At 100 % the oldest days are dropped, bodies before facts, whatever their retention.',
            remedy: 'Raise `retention.disk`, or keep less with `retention.bodies`.',
          }),
        ]
      : []),
  ];
}

/** What the disk budget has cost. An old loss is history; a fresh one goes on. */
function lost({ dropped, diskBytes }: SystemView['retention'], now: number): Finding[] {
  const [last] = dropped?.days ?? [];
  if (!dropped || !last) return [];
  const tables = (names: readonly string[]) =>
    new Set(dropped.days.filter((d) => names.includes(d.table)).map((d) => d.day)).size;
  const cost = [
    dropped.exchanges > 0 && `${plural(dropped.exchanges, 'exchange')}`,
    tables(['bodies']) > 0 && `the bodies of ${plural(tables(['bodies']), 'day')}`,
  ].filter(Boolean);
  return [
    (now - last.at < DAY ? warn : note)(
      'database',
      `The disk budget of ${bytes(diskBytes)} has cost ${cost.join(' and ') || bytes(dropped.bytes)}`,
      {
        why: `Dropped before their time, oldest days first, last ${ago(last.at, now)}; counts and charts still hold them.`,
        remedy:
          'Raise `retention.disk`, or keep less with `retention.bodies`, or `record: none` on busy routes.',
      },
    ),
  ];
}

function threads({ threads = [] }: SystemView): Finding[] {
  if (threads.length === 0) return [];
  const away = threads.filter(({ state }) => state !== 'serving');
  const restarts = threads.reduce((sum, thread) => sum + thread.restarts, 0);
  if (away.length > 0)
    return [
      bad('threads', `${away.length} of ${threads.length + 1} gateway threads do not serve`, {
        why: 'They end by themselves and are begun again; meanwhile the others take all connections.',
        remedy: 'The log says why (`thread.ended`); fewer `gateway.threads` until that is mended.',
      }),
    ];
  return [
    (restarts > 0 ? warn : good)(
      'threads',
      `${threads.length + 1} gateway threads serve${restarts > 0 ? `, after ${plural(restarts, 'restart')}` : ''}`,
      restarts > 0
        ? { why: 'Each cost its callers their connections.', remedy: 'The log says why (`thread.ended`).' }
        : {},
    ),
  ];
}

function replicas({ replicas, now }: SystemView): Finding[] {
  if (!replicas || replicas.state === 'connecting') return [];
  const { replica, state, since, trouble, peers } = replicas;
  if (state === 'up')
    return [good('redis', `shared as ${replica} with ${plural(peers.length, 'other replica')}`)];
  return [
    bad('redis', `Redis has been away for ${span(now - since)}`, {
      why: `${trouble ?? 'It does not answer'}. Calls go on: every replica judges targets by itself, and each quota and budget does what its \`whenAway\` says.`,
      remedy:
        'Start Redis or check the network and the `redis` URL; replicas find together again by themselves.',
    }),
  ];
}

function room({ disk }: SystemView): Finding[] {
  if (disk.totalBytes === 0) return [];
  if (disk.freeBytes >= 2e9) return [good('disk', `${bytes(disk.freeBytes)} free`)];
  return [
    (disk.freeBytes < 500e6 ? bad : warn)('disk', `${bytes(disk.freeBytes)} left`, {
      why: 'Spool and database share it; without space exchanges cannot be recorded.',
      remedy: 'Free space, or lower `retention.disk` and `spool.max`.',
    }),
  ];
}

function process({ memory, now, gateway }: SystemView, clock: Clock): Finding[] {
  const apart = Math.abs(now - clock.now());
  const findings = [
    (memory.rss > MUCH_MEMORY ? warn : good)('memory', `Midwatch uses ${bytes(memory.rss)}`, {
      ...(memory.rss > MUCH_MEMORY && {
        why: 'About 120 MB is usual; large bodies and many streams take more.',
        remedy: 'Watch whether it grows; lower `limits.body` if bodies are the reason.',
      }),
    }),
  ];
  if (apart > CLOCKS_APART)
    findings.push(
      warn('clock', `The clocks here and there are ${span(apart)} apart`, {
        why: 'Times in records do not match those in your other logs.',
        remedy: 'Let both follow NTP.',
      }),
    );
  const { stalls, worstMs } = gateway.lag;
  if (stalls > 0)
    findings.push(
      warn('lag', `Midwatch itself stood still ${plural(stalls, 'time')}, for ${span(worstMs)} at worst`, {
        why: 'Exchanges under way waited as long; no provider was blamed for it.',
        remedy:
          'The log has the hours (`Midwatch itself stood still`): a machine that sleeps or is moved, a quota on its processor, or too little of it.',
      }),
    );
  if (gateway.authFailures > 0)
    findings.push(
      note('keys', `${plural(gateway.authFailures, 'request')} came without a valid key since the start`, {
        remedy: 'A caller with an old key, or a stranger; the log names the address.',
      }),
    );
  return findings;
}
