import { expect, test } from 'bun:test';
import { codeOnly, files, isTest, read } from './tree.ts';

/** What touches the world, and the only places that may. */
const BANS: readonly {
  readonly what: string;
  readonly pattern: RegExp;
  readonly where: RegExp;
  readonly except: RegExp;
  readonly why: string;
}[] = [
  {
    what: 'clock, chance and timers',
    pattern:
      /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bcrypto\.(getRandomValues|randomUUID)|(^|[^.\w])(setTimeout|setInterval|setImmediate)\(|\bBun\.(sleep|nanoseconds|randomUUIDv7)\b/,
    where: /^(contracts|src)\//,
    except: /^src\/kernel\/clock\//,
    why: 'time and chance come in by the door, or no drill can replay them',
  },
  {
    what: 'the environment',
    pattern: /\bprocess\.env\b|\bBun\.env\b/,
    where: /^(contracts|src|sdk)\//,
    except: /^src\/(app|cli)\//,
    why: 'settings come from the composition root',
  },
  {
    what: 'SQL',
    pattern:
      /\b(SELECT\s+[\w*(].*\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX))\b|from 'bun:sqlite'|\bnew SQL\(/,
    where: /^(contracts|src|sdk|console)\//,
    except: /^src\/store\//,
    why: 'the store is the only room that knows the database',
  },
  {
    what: 'React',
    pattern: /from 'react(-dom)?(\/[\w-]+)?'/,
    where: /^(contracts|src|sdk|drills)\//,
    except: /^$/,
    why: 'only the console draws',
  },
];

for (const { what, pattern, where, except, why } of BANS)
  test(`${what}: ${why}`, () => {
    const broken = files(/\.tsx?$/)
      .filter((f) => where.test(f) && !except.test(f) && !isTest(f))
      .flatMap((f) => {
        const hit = pattern.exec(codeOnly(read(f)));
        return hit ? [`${f}: ${hit[0].trim()}`] : [];
      });
    expect(broken).toEqual([]);
  });
