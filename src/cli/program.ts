import { Command, type Option } from 'commander';
import { VERSION } from '#app';
import { ALONE } from './alone.ts';
import { audit } from './audit.ts';
import { budgets } from './budgets.ts';
import { cassettes } from './cassettes.ts';
import { config } from './config.ts';
import { doctor } from './doctor.ts';
import { drill } from './drill.ts';
import { fallback } from './fallback.ts';
import { freeze, thaw } from './freeze.ts';
import { keys } from './keys.ts';
import { latency } from './latency.ts';
import { load } from './load.ts';
import { login, logout } from './login.ts';
import { probe } from './probe.ts';
import { providers } from './providers.ts';
import { quota } from './quota.ts';
import { ramp } from './ramp.ts';
import { reload } from './reload.ts';
import { router } from './router.ts';
import { routes } from './routes.ts';
import { runs } from './runs.ts';
import { shadow } from './shadow.ts';
import { show } from './show.ts';
import { sim } from './sim.ts';
import { spend } from './spend.ts';
import { tail } from './tail.ts';
import { tiers } from './tiers.ts';
import { tokens } from './tokens.ts';
import { up } from './up.ts';

/** In the order in which somebody who was woken needs them. */
const VERBS: Readonly<Record<string, readonly (() => Command)[]>> = {
  'See what happens:': [doctor, tail, show, providers, routes, tiers, latency, probe, runs, audit],
  'Change what is served:': [freeze, thaw, reload, fallback, ramp, router, shadow],
  'Money and limits:': [spend, budgets, quota],
  'Run it:': [up, config, keys, tokens, login, logout],
  'Try it without a provider:': [sim, drill, load, cassettes],
};

/**
 * Every verb, ready to parse. Throws instead of exiting, so that the exit code is decided in one place. A quiet one
 * leaves it to the thrower's catcher to say what is wrong with a command line.
 */
export function createProgram({ quiet = false } = {}): Command {
  const program = new Command('midwatch')
    .description('A reliability control plane for LLM applications: gateway, record, console.')
    .version(VERSION)
    .showHelpAfterError('(midwatch --help lists every verb)')
    .addHelpText(
      'after',
      '\nWoken up? `midwatch doctor`, then `midwatch tail --outcome bad`, then `midwatch show last`.\nExit codes: 0 good, 1 bad, 2 usage, 3 unknown or insufficient evidence. Every verb has --json; a failure is then one JSON object on standard error.',
    );
  for (const [group, verbs] of Object.entries(VERBS))
    for (const verb of verbs) program.addCommand(verb().helpGroup(group));
  forEach(program, (command) => {
    command.exitOverride();
    // Groups are listed in the order of their first option: what every verb has comes after what is the verb's own.
    (command.options as Option[]).sort((a, b) => grouped(a) - grouped(b));
    const alone = command.parent === program ? ALONE[command.name()] : undefined;
    if (alone) command.addHelpText('after', `\nAlone it is \`midwatch ${command.name()} ${alone}\`.`);
    if (quiet) command.configureOutput({ writeErr: () => undefined });
    if (command !== program) command.showHelpAfterError(`(${fullName(command)} --help says what it takes)`);
  });
  return program;
}

const grouped = ({ helpGroupHeading }: Option): number => (helpGroupHeading === undefined ? 0 : 1);

/** `midwatch keys create`. */
const fullName = (command: Command): string =>
  command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();

export function forEach(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEach(child, visit);
}
