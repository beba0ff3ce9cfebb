import type { Figure } from '../platform/metrics/figure.ts'

/** The counts of manifests that a thread read from the cache and from the database. */
export function manifestCacheFigure(counts: () => { readonly hits: number; readonly misses: number }): Figure {
  return {
    name: 'acrux_manifest_cache_reads_total',
    help: 'Reads of manifests, by the result in the cache.',
    kind: 'counter',
    labels: { result: ['hit', 'miss'] },
    read: async () => {
      const found = counts()
      return [
        { labels: { result: 'hit' }, value: found.hits },
        { labels: { result: 'miss' }, value: found.misses },
      ]
    },
  }
}
