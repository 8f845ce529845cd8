import { Command } from 'commander';
import { VERSION } from '#app';
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

const VERBS = [
  up,
  sim,
  tail,
  show,
  routes,
  freeze,
  thaw,
  providers,
  latency,
  probe,
  ramp,
  router,
  quota,
  fallback,
  shadow,
  budgets,
  tiers,
  spend,
  runs,
  cassettes,
  keys,
  tokens,
  audit,
  config,
  reload,
  doctor,
  drill,
  load,
  login,
  logout,
];

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
      '\nExit codes: 0 good, 1 bad, 2 usage, 3 unknown or insufficient evidence. Every verb has --json; a failure is then one JSON object on standard error.',
    );
  for (const verb of VERBS) program.addCommand(verb());
  forEach(program, (command) => {
    command.exitOverride();
    if (quiet) command.configureOutput({ writeErr: () => undefined });
    if (command !== program) command.showHelpAfterError(`(${fullName(command)} --help says what it takes)`);
  });
  return program;
}

/** `midwatch keys create`. */
const fullName = (command: Command): string =>
  command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();

export function forEach(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEach(child, visit);
}
