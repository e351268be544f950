/** A segment tree of maxima that finds the next value at or above a limit in logarithmic time. */
export interface MaxTree {
  /** index of the first leaf, a power of two */
  size: number;
  /** node `i` holds the maximum of its children `2i` and `2i + 1` */
  nodes: Float64Array;
}

/** Builds the tree over `values`. */
export function maxTree(values: ArrayLike<number>): MaxTree {
  let size = 1;
  while (size < values.length) size *= 2;
  const nodes = new Float64Array(2 * size).fill(-Infinity);
  nodes.set(values, size);
  for (let i = size - 1; i > 0; --i) nodes[i] = Math.max(nodes[2 * i]!, nodes[2 * i + 1]!);
  return {size, nodes};
}

/** Returns the first index at or after `start` whose value is at least `limit`, or −1. */
export function firstReaching({size, nodes}: MaxTree, start: number, limit: number): number {
  if (start >= size) return -1;
  let node = start + size;
  while (nodes[node]! < limit) {
    while (node % 2 === 1) node >>= 1;
    if (node === 0) return -1;
    ++node;
  }
  while (node < size) {
    node *= 2;
    if (nodes[node]! < limit) ++node;
  }
  return node - size;
}
