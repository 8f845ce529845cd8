import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../http/question.ts';
import { type Child, startChild } from './child.ts';
import { GATEWAY_CORE, OTHER_CORE } from './cores.ts';
import { EVERYTHING } from './features.ts';
import { type House, startMidwatch } from './midwatch.ts';
import { ports } from './ports.ts';

/** Whoever stands between load and upstream. */
export interface Contender {
  readonly name: ContenderName;
  readonly address: Address;
  /** The process whose processor time and memory are its own; absent for direct. */
  readonly pid?: number;
  /** Of a Midwatch. */
  readonly house?: House;
}

export type ContenderName = 'direct' | 'bare Bun proxy' | 'Midwatch' | 'Midwatch, everything on' | 'Portkey';

export interface Field {
  readonly contenders: readonly Contender[];
  readonly house: House;
  stop(): Promise<void>;
}

const HERE = join(import.meta.dir, '..');
const PEERS = join(HERE, 'peers');
const PORTKEY = join(PEERS, 'node_modules', '@portkey-ai', 'gateway');

export const startUpstream = (): Promise<Child> =>
  startChild([process.execPath, join(HERE, 'mock.ts'), String(ports.upstream)], {
    core: OTHER_CORE,
    ready: (line) => line.startsWith('ready'),
  });

/** Upstream, bare proxy, Midwatch and Portkey, all up at once; whoever is not asked uses no processor. */
export async function startField(): Promise<Field> {
  installPeers();
  const upstream = await startUpstream();
  const bare = await startChild(
    [process.execPath, join(HERE, 'bare.ts'), String(ports.bare), String(ports.upstream)],
    // Without it Bun queues streams beyond 256; Midwatch's own start sets the same.
    {
      core: GATEWAY_CORE,
      env: { BUN_CONFIG_MAX_HTTP_REQUESTS: '65336' },
      ready: (line) => line.startsWith('ready'),
    },
  );
  const portkey = await startChild(
    ['node', join(PORTKEY, 'build', 'start-server.js'), '--headless', `--port=${ports.portkey}`],
    {
      core: GATEWAY_CORE,
      env: { NODE_ENV: 'production' },
      ready: (line) => line.includes(String(ports.portkey)),
    },
  );
  const house = await startMidwatch({ port: ports.midwatch, upstream: ports.upstream });
  const everything = await startMidwatch({
    port: ports.everything,
    upstream: ports.upstream,
    feature: EVERYTHING,
  });
  return {
    contenders: [
      { name: 'direct', address: { port: ports.upstream, headers: { authorization: 'Bearer bench' } } },
      {
        name: 'bare Bun proxy',
        address: { port: ports.bare, headers: { authorization: 'Bearer bench' } },
        pid: bare.pid,
      },
      { name: 'Midwatch', ...contending(house) },
      { name: 'Midwatch, everything on', ...contending(everything, EVERYTHING.named) },
      {
        name: 'Portkey',
        address: {
          port: ports.portkey,
          headers: {
            authorization: 'Bearer bench',
            'x-portkey-provider': 'openai',
            'x-portkey-custom-host': `http://127.0.0.1:${ports.upstream}/v1`,
          },
        },
        pid: portkey.pid,
      },
    ],
    house,
    async stop() {
      await house.stop();
      await everything.stop();
      await Promise.all([portkey.stop(), bare.stop(), upstream.stop()]);
    },
  };
}

const contending = (house: House, named = false) => ({
  address: { port: house.port, headers: { authorization: `Bearer ${house.key}` }, named },
  pid: house.pid,
  house,
});

/** Portkey comes from its own manifest, so that nobody who installs Midwatch installs it. */
function installPeers(): void {
  if (existsSync(PORTKEY)) return;
  const { exitCode, stderr } = Bun.spawnSync(['npm', 'ci', '--ignore-scripts'], { cwd: PEERS });
  if (exitCode !== 0) throw new Error(`npm ci in bench/peers failed:\n${stderr.toString()}`);
}
