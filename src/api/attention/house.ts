import type { Attention, Status, SystemView } from '#contracts';
import { bytes, coarse, percent, plural } from '#contracts/say';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Midwatch's own state: what could make the record untrue comes before what is merely untidy. */
export function houseAttention(system: SystemView, status: Status): Attention[] {
  return [
    ...spool(system),
    ...database(system),
    ...threads(system),
    ...replicas(system),
    ...disk(system),
    ...setUp(status),
  ];
}

function spool({ spool }: SystemView): Attention[] {
  const found: Attention[] = [];
  const full = spool.maxBytes > 0 ? spool.bytes / spool.maxBytes : 0;
  if (spool.dropped > 0)
    found.push({
      level: 'alarm',
      what: `${plural(spool.dropped, 'exchange')} not recorded since start`,
      why: spool.trouble ?? 'The spool was at its declared bound.',
      todo: 'Bring the database back or raise spool.max; every number of that time is a lower bound.',
      link: '/system',
    });
  if (spool.trouble)
    found.push({
      level: 'alarm',
      what: 'The spool cannot be written',
      why: spool.trouble,
      todo: 'Free space or mend permissions of the data folder; `midwatch doctor` says which.',
      link: '/system',
    });
  if (full >= 0.5)
    found.push({
      level: full >= 0.8 ? 'alarm' : 'warn',
      what: `The spool is ${percent(full)} full`,
      why: `${plural(spool.waiting, 'exchange')} (${bytes(spool.bytes)} of ${bytes(spool.maxBytes)}) wait for the database.`,
      todo: 'Find out why the database does not take them; at the bound exchanges are no longer recorded.',
      link: '/system',
    });
  if (spool.lagMs >= MINUTE)
    found.push({
      level: spool.lagMs >= 10 * MINUTE ? 'alarm' : 'warn',
      what: `Screens are ${coarse(spool.lagMs)} behind`,
      why: `${plural(spool.waiting, 'exchange')} in the spool are not in the database yet.`,
      todo: 'Nothing is lost. If it grows, look at the database load.',
      link: '/system',
    });
  return found;
}

function threads({ threads = [] }: SystemView): Attention[] {
  const away = threads.filter(({ state }) => state === 'gone').length;
  if (away === 0) return [];
  return [
    {
      level: 'alarm',
      what: `${away} of ${threads.length + 1} gateway threads do not serve`,
      why: 'They ended by themselves and are begun again; meanwhile the others take all connections.',
      todo: 'The log says why (thread.ended).',
      link: '/system',
    },
  ];
}

function replicas({ replicas, now }: SystemView): Attention[] {
  if (replicas?.state !== 'away') return [];
  return [
    {
      level: 'alarm',
      what: `Redis has been away for ${coarse(now - replicas.since)}`,
      why: `${replicas.trouble ?? 'It does not answer'}. Each replica judges targets by itself; each quota and budget does what its whenAway says.`,
      todo: 'Calls go on. Start Redis or check the network; replicas find together again by themselves.',
      link: '/system',
    },
  ];
}

function database({ database, retention, now }: SystemView): Attention[] {
  if (database.state === 'down')
    return [
      {
        level: 'alarm',
        what: 'The database is down',
        why: database.trouble ?? 'It does not answer.',
        todo: 'Traffic goes on and is kept in the spool. Bring the database back; `midwatch doctor` says how.',
        link: '/system',
      },
    ];
  const [last] = retention.dropped?.days ?? [];
  const fresh = last !== undefined && now - last.at < DAY ? retention.dropped : undefined;
  if (fresh)
    return [
      {
        level: 'warn',
        what:
          fresh.exchanges > 0
            ? `The disk budget has cost ${plural(fresh.exchanges, 'exchange')}`
            : `The disk budget has cost ${bytes(fresh.bytes)} of bodies`,
        why: `The database reached ${bytes(retention.diskBytes)}, so its oldest days were dropped before their time; charts still count them.`,
        todo: 'Raise retention.disk, or keep less with retention.bodies.',
        link: '/system',
      },
    ];
  const used = retention.usedBytes === undefined ? 0 : retention.usedBytes / retention.diskBytes;
  if (used < 0.9) return [];
  return [
    {
      level: 'note',
      what: `The disk budget of the database is ${percent(used)} used`,
      why: 'At 100 % the oldest days are dropped, bodies before facts, whatever their retention.',
      todo: 'Raise retention.disk, or keep less with retention.bodies.',
      link: '/system',
    },
  ];
}

function disk({ disk }: SystemView): Attention[] {
  if (disk.totalBytes === 0 || disk.freeBytes >= 2e9) return [];
  return [
    {
      level: disk.freeBytes < 500e6 ? 'alarm' : 'warn',
      what: `${bytes(disk.freeBytes)} left on the disk`,
      why: 'Spool and database share it; without space exchanges cannot be recorded.',
      todo: 'Free space, or lower retention.disk and spool.max.',
      link: '/system',
    },
  ];
}

function setUp(status: Status): Attention[] {
  const found: Attention[] = [];
  if (status.open)
    found.push({
      level: 'note',
      what: 'No key exists',
      why: 'Any program on this machine can call the models at your expense.',
      todo: 'Create a key; from then on every caller needs one.',
      link: '/keys',
    });
  if (status.simulated)
    found.push({
      level: 'note',
      what: 'Answers come from the simulator',
      why: 'No provider key was found in the environment or the configuration.',
      todo: 'Set OPENAI_API_KEY or ANTHROPIC_API_KEY and restart, or write providers into midwatch.yaml.',
      link: '/routes',
    });
  return found;
}
