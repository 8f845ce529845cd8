/**
 * Prediction-powered mean: many judged items, few labelled ones.
 *
 * Formula: θ = λ·mean(f over all unlabelled) + mean(y − λ·f over labelled); variance λ²·σ²_f/N + σ²_{y−λf}/n; λ = cov(y, f)/((1 + n/N)·var f), clipped to [0, 1], unless given.
 * Assumes: labelled items drawn at random from the same stream as the unlabelled; n of 30 and more.
 * Cost: O(n + N).
 * Lies when: labels were chosen where the judge looked wrong; with λ fitted at n below 30 the interval is a little short.
 * Reference: Angelopoulos et al., Science 2023; "PPI++", arXiv 2311.01453.
 */
import { checkInnerProbability, checkProbability, checkSameLength, checkSample } from '../check.ts';
import { normalQuantile } from '../numeric/normal.ts';
import { mean, variance } from '../numeric/order.ts';
import type { Estimate } from '../types.ts';

export interface PredictionPoweredInput {
  /** Truth and prediction of the labelled items. */
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
  /** Predictions of the items without a label. */
  readonly unlabelled: readonly number[];
  readonly confidence?: number;
  /** Trust in the predictions, 0 … 1; fitted when absent. */
  readonly lambda?: number;
}

/** Mean of the truth over the stream; never wider, for large n, than labels alone. n counts labels. */
export function predictionPoweredMean(input: PredictionPoweredInput): Estimate & { readonly lambda: number } {
  const { labels, predicted, unlabelled, confidence = 0.95 } = input;
  checkSample('labels', labels, 2);
  checkSample('predicted', predicted, 2);
  checkSameLength('labels', labels, 'predicted', predicted);
  checkSample('unlabelled', unlabelled, 2);
  checkInnerProbability('confidence', confidence);
  if (input.lambda !== undefined) checkProbability('lambda', input.lambda);
  const n = labels.length;
  const my = mean(labels);
  const mf = mean(predicted);
  const covariance = labels.reduce((sum, y, i) => sum + (y - my) * (predicted[i]! - mf), 0) / (n - 1);
  const spread = variance([...predicted, ...unlabelled]);
  const fitted = spread > 0 ? covariance / ((1 + n / unlabelled.length) * spread) : 0;
  const lambda = input.lambda ?? Math.min(1, Math.max(0, fitted));
  const rest = labels.map((y, i) => y - lambda * predicted[i]!);
  const estimate = lambda * mean(unlabelled) + mean(rest);
  const se = Math.sqrt((lambda ** 2 * variance(unlabelled)) / unlabelled.length + variance(rest) / n);
  const half = normalQuantile((1 + confidence) / 2) * se;
  return { estimate, lower: estimate - half, upper: estimate + half, n, lambda };
}
