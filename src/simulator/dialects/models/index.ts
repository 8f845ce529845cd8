import type { Population } from '../../models.ts';
import { modelFacts } from '../../models.ts';
import type { Problem } from '../../problem.ts';
import { modelProblem } from '../../problems.ts';

/** Fixed, so that a listing is the same on every day. */
const CREATED = Date.UTC(2026, 0, 1);

/** `GET /v1/models` and `/v1/models/<id>` in the shape of whoever asks. */
export function listModels(
  family: 'openai' | 'anthropic',
  population: Population,
  id: string | undefined,
): string | Problem {
  const shape: (id: string) => { readonly id: string } =
    family === 'anthropic' ? anthropicShape : openaiShape;
  if (id !== undefined) {
    const name = decodeURIComponent(id);
    return population.find(name) ? JSON.stringify(shape(name)) : modelProblem(family, name);
  }
  const data = population.names().map(shape);
  return JSON.stringify(
    family === 'anthropic'
      ? { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
      : { object: 'list', data },
  );
}

const openaiShape = (id: string) => ({
  id,
  object: 'model',
  created: CREATED / 1000,
  owned_by: 'simulator',
});

const anthropicShape = (id: string) => ({
  type: 'model',
  id,
  display_name: id,
  created_at: new Date(CREATED).toISOString().replace('.000', ''),
  deprecated_at: null,
  retires_at: null,
  lifecycle: 'active',
  line: null,
  capabilities: null,
  max_input_tokens: modelFacts(id).context,
  max_tokens: 64_000,
});
