/**
 * The options of an `LRUCache` of at most this many entries. With its own option `max`, it allocates memory for all of them when it
 * is created: 5 ms for 10,000 entries.
 */
export function maxEntries(count: number): { readonly maxSize: number; readonly sizeCalculation: () => number } {
  return { maxSize: count, sizeCalculation: () => 1 }
}
