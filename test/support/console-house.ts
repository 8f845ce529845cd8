import { expect } from 'bun:test';
import type { Page } from 'playwright-core';
import { LOOKS, launch, signIn, wider, witness } from './browser.ts';
import { type Product, product } from './product.ts';
import { type SimulatorAt, simulatorAt } from './simulator.ts';

/** The product over a simulator, and its console in a real Chromium with an admin signed in. */
export interface ConsoleHouse {
  readonly sim: SimulatorAt;
  readonly house: Product;
  readonly page: Page;
  /** Each path, once its text is seen, is no wider than the window in any look; with SHOTS=<folder> pictures are kept. */
  standsInEveryLook(pages: readonly (readonly [path: string, shown: string])[]): Promise<void>;
  /** Nothing complained in the browser's log, and no other host was asked. */
  expectQuiet(): void;
  stop(): Promise<void>;
}

/** `config` is given the simulator's address; `folder` holds what was there before the first start. */
export async function consoleHouse(
  config: (url: string) => string,
  { folder }: { readonly folder?: string } = {},
): Promise<ConsoleHouse> {
  const { open, hosts, complaints } = witness();
  const sim = simulatorAt();
  const [house, browser] = await Promise.all([
    product({ config: config(sim.url), ...(folder !== undefined && { folder }) }),
    launch(),
  ]);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await open(context);
  await signIn(page, house.url, house.token);
  return {
    sim,
    house,
    page,
    async standsInEveryLook(pages) {
      for (const [theme, width, height] of LOOKS) {
        const look = await browser.newContext({
          viewport: { width, height },
          colorScheme: theme,
          storageState: await context.storageState(),
        });
        const seen = await open(look);
        for (const [path, shown] of pages) {
          await seen.goto(`${house.url}${path}`);
          await seen.getByText(shown).first().waitFor();
          expect([path, theme, width, await wider(seen)]).toEqual([path, theme, width, 0]);
          if (process.env.SHOTS)
            await seen.screenshot({
              path: `${process.env.SHOTS}${path}-${theme}-${width}.png`,
              fullPage: true,
            });
        }
        await look.close();
      }
    },
    expectQuiet() {
      expect(complaints).toEqual([]);
      expect([...hosts]).toEqual([new URL(house.url).host]);
    },
    async stop() {
      await browser.close();
      await house.stop();
      house.remove();
      sim.stop();
    },
  };
}
