import type { Seen } from './chaos.ts'
import type { Counts } from './field.ts'

/** All that must not be. */
export function violationsOf(seen: readonly Seen[]): string[] {
  return seen.flatMap(({ byPart }) => [...byPart.values()].flatMap(({ violations }) => violations))
}

const columns: Readonly<Record<string, (counts: Counts) => number>> = {
  faults: ({ rounds }) => rounds,
  manifests: ({ manifests }) => manifests,
  blobs: ({ blobs }) => blobs,
  deletions: ({ deletions }) => deletions,
  restorations: ({ restorations }) => restorations,
  revocations: ({ revocations }) => revocations,
  'denied after one': ({ denied }) => denied,
  violations: ({ violations }) => violations.length,
  'recovered after at most': ({ slowestMs }) => slowestMs,
}

function written(name: string, value: number): string {
  return name.startsWith('recovered') ? `${(value / 1000).toFixed(1)} s` : value.toLocaleString('en')
}

/** The results as Markdown, for people and for the documentation. */
export function table(seen: readonly Seen[]): string {
  const parts = seen.flatMap(({ byPart }) => [...byPart])
  const rows = parts.map(([part, counts]) => [
    part,
    ...Object.entries(columns).map(([name, of]) => written(name, of(counts))),
  ])
  const total = Object.entries(columns).map(([name, of]) => {
    const values = parts.map(([, counts]) => of(counts))
    return written(
      name,
      name.startsWith('recovered') ? Math.max(...values) : values.reduce((sum, each) => sum + each, 0),
    )
  })
  const heads = ['part', ...Object.keys(columns)]
  const lines = [heads, heads.map(() => '---'), ...rows, ['all', ...total]].map((row) => `| ${row.join(' | ')} |`)
  const deleted = seen.reduce((sum, { deletedByPolicy }) => sum + deletedByPolicy, 0)
  return [...lines, '', `manifests that the retention policy has deleted: ${deleted}`, ...violationsOf(seen)].join('\n')
}
