import type { Figure } from '../../platform/metrics/figure.ts'
import { type Registry, manifestCacheFigure } from '../../registry/index.ts'

type CapacitySources = Pick<Registry, 'capacity' | 'quotaUse'>
type IntegritySources = Pick<Registry, 'scrubs' | 'integrityFigures'>
type ContentSources = Pick<Registry, 'manifestCacheFigures' | 'garbageFigures' | 'collections'>

export type RegistryFigureSources = CapacitySources & IntegritySources & ContentSources

/** The metrics of the content of registries: uploads, quotas, integrity, the manifest cache and garbage collection. */
export function registryFigures(registry: RegistryFigureSources): readonly Figure[] {
  return [...capacityFigures(registry), ...integrityFigures(registry), ...contentFigures(registry)]
}

function capacityFigures(registry: CapacitySources): readonly Figure[] {
  const quotaUse = shareRunning(() => registry.quotaUse())
  return [
    {
      name: 'acrux_uploads_open',
      help: 'Open uploads.',
      kind: 'gauge',
      read: async () => registry.capacity().openUploads,
    },
    {
      name: 'acrux_uploads_staged_bytes',
      help: 'Bytes of open uploads.',
      kind: 'gauge',
      read: async () => registry.capacity().stagedBytes,
    },
    {
      name: 'acrux_stored_bytes',
      help: 'Bytes in all registries that count towards quotas.',
      kind: 'gauge',
      read: async () => (await quotaUse()).storedBytes,
    },
    {
      name: 'acrux_quota_highest_use_ratio',
      help: 'The highest ratio of used bytes to the quota, of all registries and repositories; 0 without a quota.',
      kind: 'gauge',
      read: async () => (await quotaUse()).highestRatio,
    },
  ]
}

/** Concurrent callers share the result of one run, because a scrape reads all metrics at the same time. */
function shareRunning<Result>(read: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined
  return () =>
    (running ??= read().finally(() => {
      running = undefined
    }))
}

function integrityFigures({ scrubs, integrityFigures: counters }: IntegritySources): readonly Figure[] {
  const readFigures = shareRunning(() => scrubs.figures())
  return [
    {
      name: 'acrux_corrupt_content',
      help: 'Blobs and manifests in quarantine, which clients cannot pull until a client pushes the content again.',
      kind: 'gauge',
      read: async () => scrubs.countQuarantined(),
    },
    {
      name: 'acrux_corrupt_reads_total',
      help: 'Reads that were denied because the stored content is corrupt.',
      kind: 'counter',
      read: async () => counters.deniedReads,
    },
    {
      name: 'acrux_quarantined_total',
      help: 'Blobs and manifests that were quarantined.',
      kind: 'counter',
      read: async () => counters.quarantined,
    },
    {
      name: 'acrux_repaired_blobs_total',
      help: 'Corrupt blobs that a push replaced.',
      kind: 'counter',
      read: async () => counters.repaired,
    },
    {
      name: 'acrux_scrub_progress_ratio',
      help: 'Progress of the background scrub; absent while no scrub is running.',
      kind: 'gauge',
      read: async () => (await readFigures()).progress,
    },
    {
      name: 'acrux_scrub_completed_timestamp_seconds',
      help: 'Time at which the last background scrub was completed.',
      kind: 'gauge',
      read: async () => {
        const { lastCompletedAtMs } = await readFigures()
        return lastCompletedAtMs === undefined ? undefined : lastCompletedAtMs / 1000
      },
    },
    {
      name: 'acrux_scrub_findings',
      help: 'Problems that the last background scrub found.',
      kind: 'gauge',
      read: async () => (await readFigures()).lastFindingCount,
    },
  ]
}

function contentFigures({ manifestCacheFigures, garbageFigures, collections }: ContentSources): readonly Figure[] {
  const figure = (name: string, help: string, count: () => number): Figure => {
    return { name, help, kind: 'counter', read: async () => count() }
  }
  return [
    manifestCacheFigure(manifestCacheFigures),
    figure('acrux_garbage_collections_total', 'Garbage collections that were completed.', () => garbageFigures.runs),
    figure('acrux_garbage_blobs_total', 'Blobs that garbage collection deleted.', () => garbageFigures.blobs),
    figure(
      'acrux_garbage_uploads_total',
      'Expired uploads that garbage collection deleted.',
      () => garbageFigures.uploads,
    ),
    {
      name: 'acrux_garbage_collected_timestamp_seconds',
      help: 'Time at which a server completed the last garbage collection.',
      kind: 'gauge',
      read: async () => {
        const { completed } = await collections.status()
        return completed && completed.completedAtMs / 1000
      },
    },
  ]
}
