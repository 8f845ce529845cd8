/**
 * Online clustering with stable ids.
 *
 * Formula: a text joins the cluster whose centroid has the largest cosine, if that is ≥ `threshold`, and moves the centroid by 1/n; else it founds a cluster with the next id. Ids count upwards and are never given twice; a merge keeps the older id.
 * Assumes: unit vectors from one embedder; order of arrival matters, so replay in event order gives the same ids.
 * Cost: O(clusters · entries) per text; centroids keep their `entries` largest values, 64 by default, and the smallest cluster leaves when `capacity` is passed.
 * Lies when: topics shade into each other: the threshold then cuts somewhere; a drifting topic pulls its centroid along and keeps its id.
 * Reference: Hartigan 1975 (leader algorithm); Aggarwal et al. 2003 (CluStream).
 */
import { checkInnerProbability, checkPositiveCount } from '../check.ts';
import { cosine, type SparseVector } from './tfidf.ts';

export interface Cluster {
  readonly id: number;
  readonly n: number;
  /** Unit vector. */
  readonly centroid: SparseVector;
}

/** Plain JSON. Its size is capacity × entries numbers; it is a map of topics, not the state of one series. */
export interface ClusterState {
  readonly nextId: number;
  /** Ascending by id. */
  readonly clusters: readonly Cluster[];
}

export interface ClusterRule {
  readonly threshold?: number;
  readonly capacity?: number;
  /** Values kept per centroid. */
  readonly entries?: number;
}

export const CLUSTER_START: ClusterState = Object.freeze({ nextId: 1, clusters: Object.freeze([]) });

function blend(
  a: SparseVector,
  weightA: number,
  b: SparseVector,
  weightB: number,
  entries: number,
): SparseVector {
  const sum = new Map<number, number>();
  a.indices.forEach((index, k) => {
    sum.set(index, weightA * a.values[k]!);
  });
  b.indices.forEach((index, k) => {
    sum.set(index, (sum.get(index) ?? 0) + weightB * b.values[k]!);
  });
  const kept = [...sum]
    .sort((x, y) => Math.abs(y[1]) - Math.abs(x[1]) || x[0] - y[0])
    .slice(0, entries)
    .sort((x, y) => x[0] - y[0]);
  const norm = Math.sqrt(kept.reduce((total, [, v]) => total + v * v, 0));
  if (norm === 0) return a;
  return { indices: kept.map(([i]) => i), values: kept.map(([, v]) => v / norm) };
}

/** Assigns one vector. `id` is 0 for a vector without entries, which belongs nowhere. */
export function assignCluster(
  state: ClusterState,
  vector: SparseVector,
  { threshold = 0.35, capacity = 500, entries = 64 }: ClusterRule = {},
): {
  readonly state: ClusterState;
  readonly id: number;
  readonly similarity: number;
  readonly founded: boolean;
} {
  checkInnerProbability('threshold', threshold);
  checkPositiveCount('capacity', capacity);
  checkPositiveCount('entries', entries);
  if (vector.indices.length === 0) return { state, id: 0, similarity: 0, founded: false };
  let best = -1;
  let similarity = -1;
  state.clusters.forEach((cluster, i) => {
    const s = cosine(cluster.centroid, vector);
    if (s > similarity) {
      similarity = s;
      best = i;
    }
  });
  if (best >= 0 && similarity >= threshold) {
    const old = state.clusters[best]!;
    const moved = { id: old.id, n: old.n + 1, centroid: blend(old.centroid, old.n, vector, 1, entries) };
    return {
      state: { ...state, clusters: state.clusters.with(best, moved) },
      id: old.id,
      similarity,
      founded: false,
    };
  }
  const id = state.nextId;
  let clusters = [
    ...state.clusters,
    { id, n: 1, centroid: blend(vector, 1, { indices: [], values: [] }, 0, entries) },
  ];
  if (clusters.length > capacity) {
    // The newcomer stays, or a full map could never learn a new topic.
    const smallest = clusters.slice(0, -1).reduce((least, c) => (c.n < least.n ? c : least));
    clusters = clusters.filter((c) => c !== smallest);
  }
  return { state: { nextId: id + 1, clusters }, id, similarity: Math.max(0, similarity), founded: true };
}

/** Merges clusters whose centroids have come within `threshold` of each other; the older id stays. */
export function mergeClusters(
  state: ClusterState,
  { threshold = 0.7, entries = 64 }: ClusterRule = {},
): {
  readonly state: ClusterState;
  readonly merged: readonly { readonly from: number; readonly into: number }[];
} {
  checkInnerProbability('threshold', threshold);
  const kept: Cluster[] = [];
  const merged: { from: number; into: number }[] = [];
  for (const cluster of state.clusters) {
    const at = kept.findIndex((older) => cosine(older.centroid, cluster.centroid) >= threshold);
    if (at < 0) kept.push(cluster);
    else {
      const older = kept[at]!;
      kept[at] = {
        id: older.id,
        n: older.n + cluster.n,
        centroid: blend(older.centroid, older.n, cluster.centroid, cluster.n, entries),
      };
      merged.push({ from: cluster.id, into: older.id });
    }
  }
  return { state: { ...state, clusters: kept }, merged };
}
