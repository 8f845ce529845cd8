import type { EpochMs } from '#contracts';

/** Models by the day on which their provider shuts them down, UTC; by kind of provider. Older ones than this list are long gone. */
type Days = Readonly<Record<string, readonly string[]>>;

/** platform.claude.com/docs/en/about-claude/model-deprecations; other clouds that serve these models have days of their own. */
const ANTHROPIC: Days = {
  '2025-07-21': ['claude-2.0', 'claude-2.1', 'claude-3-sonnet-20240229'],
  '2025-10-28': ['claude-3-5-sonnet-20240620', 'claude-3-5-sonnet-20241022', 'claude-3-5-sonnet-latest'],
  '2026-01-05': ['claude-3-opus-20240229', 'claude-3-opus-latest'],
  '2026-02-19': [
    'claude-3-7-sonnet-20250219',
    'claude-3-7-sonnet-latest',
    'claude-3-5-haiku-20241022',
    'claude-3-5-haiku-latest',
  ],
  '2026-06-15': [
    'claude-sonnet-4-20250514',
    'claude-sonnet-4-0',
    'claude-opus-4-20250514',
    'claude-opus-4-0',
  ],
  '2026-08-05': ['claude-opus-4-1-20250805', 'claude-opus-4-1'],
};

/** developers.openai.com/api/docs/deprecations. */
const OPENAI: Days = {
  '2025-06-06': ['gpt-4-32k', 'gpt-4-32k-0314', 'gpt-4-32k-0613'],
  '2025-07-14': ['gpt-4.5-preview', 'gpt-4.5-preview-2025-02-27'],
  '2025-07-28': ['o1-preview', 'o1-preview-2024-09-12'],
  '2025-10-27': ['o1-mini', 'o1-mini-2024-09-12'],
  '2026-01-16': ['codex-mini-latest'],
  '2026-02-17': ['chatgpt-4o-latest'],
  '2026-07-23': [
    'computer-use-preview',
    'computer-use-preview-2025-03-11',
    'gpt-4o-search-preview-2025-03-11',
    'gpt-4o-mini-search-preview-2025-03-11',
    'gpt-5-chat-latest',
    'gpt-5-codex',
    'gpt-5.1-chat-latest',
    'gpt-5.1-codex',
    'gpt-5.1-codex-max',
    'gpt-5.1-codex-mini',
    'gpt-5.2-codex',
    'o3-deep-research',
    'o3-deep-research-2025-06-26',
    'o4-mini-deep-research',
    'o4-mini-deep-research-2025-06-26',
  ],
  '2026-08-10': ['gpt-5.2-chat-latest', 'gpt-5.3-chat-latest'],
  '2026-10-23': ['gpt-3.5-turbo', 'gpt-3.5-turbo-0125', 'gpt-4', 'gpt-4-0613'],
};

const known = (days: Days): ReadonlyMap<string, EpochMs> =>
  new Map(Object.entries(days).flatMap(([day, models]) => models.map((model) => [model, Date.parse(day)])));

const RETIREMENTS: Readonly<Record<string, ReadonlyMap<string, EpochMs>>> = {
  anthropic: known(ANTHROPIC),
  openai: known(OPENAI),
};

/** When a model is shut down by its provider, as far as this release knows; undefined where nothing is announced. */
export const retirementOf = (kind: string, model: string): EpochMs | undefined =>
  RETIREMENTS[kind]?.get(model);
