/**
 * The options of an `LRUCache` with at most `count` entries. The cache's own option `max` is not used, because the
 * cache then allocates memory for all entries at its creation, which takes 5 ms for 10,000 entries.
 */
export function maxEntries(count: number): { readonly maxSize: number; readonly sizeCalculation: () => number } {
  return { maxSize: count, sizeCalculation: () => 1 }
}
