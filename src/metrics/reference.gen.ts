import { writeFileSync } from 'node:fs';
import { COUNTED } from './counted.ts';
import { HOUSE_METRICS, MOST_LISTED } from './house.ts';
import { MOST_ROWS } from './meter.ts';
import type { Metric } from './metric.ts';
import { MOST_FOREIGN, OTHER } from './names.ts';

// Writes docs/reference/metrics.md from what each metric says of itself: bun src/metrics/reference.gen.ts. The test beside it
// fails when the page is stale.

export const PAGE = new URL('../../docs/reference/metrics.md', import.meta.url);

const table = (metrics: readonly Metric[]): readonly string[] => [
  '| metric | type | labels | what it says |',
  '|---|---|---|---|',
  ...metrics.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(' ') || '–'} | ${help} |`,
  ),
];

export const page = (): string =>
  `${[
    '# Metrics',
    '',
    '<!-- Generated from src/metrics by src/metrics/reference.gen.ts. -->',
    '',
    "`GET /metrics`, on the port of the gateway, in Prometheus' text format. Whoever may read the control plane may read it: a token of",
    'the role viewer or above, as `Authorization: Bearer mwa_…`, or a login of the console. A token that was used before still reads it while',
    'the database is away.',
    '',
    '```sh',
    'midwatch tokens create prometheus --role viewer',
    '```',
    '',
    '```yaml',
    '# prometheus.yml',
    'scrape_configs:',
    '  - job_name: midwatch',
    '    authorization: { credentials_file: /etc/prometheus/midwatch.token }',
    "    static_configs: [{ targets: ['127.0.0.1:4004'] }]",
    '```',
    '',
    '## Exchanges',
    '',
    'Counted from the finished facts of each exchange, so they add up to the records (`midwatch_spool_dropped_exchanges_total` says what no',
    'record has). They begin at zero with the process, and those of several gateway threads are added up, a quarter of a second later.',
    '`gen_ai_*` are the names of OpenTelemetry for generative AI (1.37 to 1.41, which dashboards query), written as Prometheus writes them:',
    '**server** is what the caller of Midwatch sees, whatever happened behind it, **client** each call of Midwatch to a provider.',
    '`gen_ai_provider_name` is the name under `providers`, `gen_ai_request_model` the model that was asked there; both are absent where nobody was.',
    '',
    ...table(COUNTED),
    '',
    '## The house',
    '',
    'Read where it lives at the moment of a scrape.',
    '',
    ...table(HOUSE_METRICS),
    '',
    '## How many series there can be',
    '',
    `Labels are names of the configuration and words of fixed lists, but for the model, which callers choose. Models that the configuration`,
    `names are always told apart; of others the first ${MOST_FOREIGN} that look like a name are, the rest is \`${OTHER}\`. A metric of exchanges has at most`,
    `${MOST_ROWS} sets of labels; what comes after is counted under \`${OTHER}\` in every label, so that sums stay right. Of targets, quotas and`,
    `accounts of budgets the first ${MOST_LISTED} are listed: those that the configuration names, and the fullest.`,
  ].join('\n')}\n`;

if (import.meta.main) writeFileSync(PAGE, page());
