import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const EXECUTABLE =
  process.env.CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync) ??
  '';
/** A machine without a network must not make the browser wait for one. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: EXECUTABLE, args: QUIET });

/** Pages of which it is kept whom they asked and what they complained of. */
export function witness() {
  const hosts = new Set<string>();
  const complaints: string[] = [];
  return {
    hosts,
    complaints,
    async open(into: BrowserContext): Promise<Page> {
      const opened = await into.newPage();
      opened.on('request', (request) => hosts.add(new URL(request.url()).host));
      opened.on('pageerror', (error) => complaints.push(error.message));
      opened.on('console', (message) => {
        // Before the login the first question is answered with 401, which the browser logs by itself.
        if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text());
      });
      return opened;
    },
  };
}

export async function signIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Token', { exact: true }).fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}

/** Looks of the console that every page must stand. */
export const LOOKS = [
  ['light', 1280, 800],
  ['dark', 1280, 800],
  ['light', 390, 844],
  ['dark', 390, 844],
] as const;

/** Pixels by which a page is wider than its window. */
export const wider = (page: Page): Promise<unknown> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
