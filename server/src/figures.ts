import type { CallerBudgets } from './platform/caller-budget.ts'
import type { Figure } from './platform/figures.ts'
import type { ContentSpace } from './platform/free-space.ts'
import { droppedLogLines } from './platform/log.ts'
import { passwordHashFigures } from './platform/password-hash.ts'
import type { RegistryRoom } from './registry/index.ts'
import type { WriterWatch } from './platform/sql/writer-watch.ts'

type FigureSources = {
  readonly writerWatch: WriterWatch
  readonly space: ContentSpace
  readonly registry: Pick<RegistryRoom, 'scrubs' | 'integrityFigures' | 'capacity' | 'quotaUse'>
  readonly callerBudgets: Pick<CallerBudgets, 'counts'>
}

/**
 * The table of everything that the modules show at `/metrics`. To add a row, take what the module exports into
 * {@link FigureSources}, and add the metric to `docs/monitoring.md`.
 */
export function figuresOf({ writerWatch, space, registry, callerBudgets }: FigureSources): readonly Figure[] {
  return [
    {
      name: 'acrux_database_writer_stuck_seconds',
      help: 'Time since the last transaction that could be committed, while none can; otherwise 0.',
      kind: 'gauge',
      read: () => writerWatch.stuckMs() / 1000,
    },
    {
      name: 'acrux_password_hashes',
      help: 'Password hashes that are computed or wait for their turn.',
      kind: 'gauge',
      labels: { state: ['running', 'waiting'] },
      read: () => {
        const { running, waiting } = passwordHashFigures()
        return [
          { labels: { state: 'running' }, value: running },
          { labels: { state: 'waiting' }, value: waiting },
        ]
      },
    },
    {
      name: 'acrux_password_hashes_rejected_total',
      help: 'Password hashes that were rejected because too many waited.',
      kind: 'counter',
      read: () => passwordHashFigures().rejected,
    },
    ...capacityFigures(space, registry),
    ...budgetFigures(callerBudgets),
    ...integrityFigures(registry),
  ]
}

function integrityFigures({ scrubs, integrityFigures: counters }: FigureSources['registry']): readonly Figure[] {
  return [
    {
      name: 'acrux_corrupt_content',
      help: 'Blobs and manifests in quarantine, which are unknown to clients until they are pushed again.',
      kind: 'gauge',
      read: () => scrubs.countQuarantined(),
    },
    {
      name: 'acrux_corrupt_reads_total',
      help: 'Reads that were refused because the stored content is corrupt.',
      kind: 'counter',
      read: () => counters.refusedReads,
    },
    {
      name: 'acrux_quarantined_total',
      help: 'Blobs and manifests that were quarantined.',
      kind: 'counter',
      read: () => counters.quarantined,
    },
    {
      name: 'acrux_repaired_blobs_total',
      help: 'Corrupt blobs that a push replaced.',
      kind: 'counter',
      read: () => counters.repaired,
    },
    {
      name: 'acrux_scrub_progress_ratio',
      help: 'Progress of the background scrub; absent while none is under way.',
      kind: 'gauge',
      read: () => scrubs.figures().progress,
    },
    {
      name: 'acrux_scrub_completed_timestamp_seconds',
      help: 'When the last background scrub was completed.',
      kind: 'gauge',
      read: () => {
        const { lastCompletedAtMs } = scrubs.figures()
        return lastCompletedAtMs === undefined ? undefined : lastCompletedAtMs / 1000
      },
    },
    {
      name: 'acrux_scrub_findings',
      help: 'Problems that the last background scrub found.',
      kind: 'gauge',
      read: () => scrubs.figures().lastFindingCount,
    },
  ]
}

function capacityFigures(space: ContentSpace, registry: FigureSources['registry']): readonly Figure[] {
  return [
    {
      name: 'acrux_disk_free_bytes',
      help: 'Free space on the file system of the data directory.',
      kind: 'gauge',
      read: () => space.state().freeBytes,
    },
    {
      name: 'acrux_disk_reserve_bytes',
      help: 'Free space below which content is denied.',
      kind: 'gauge',
      read: () => space.state().reserveBytes,
    },
    {
      name: 'acrux_uploads_open',
      help: 'Open uploads.',
      kind: 'gauge',
      read: () => registry.capacity().openUploads,
    },
    {
      name: 'acrux_uploads_staged_bytes',
      help: 'Bytes that open uploads hold.',
      kind: 'gauge',
      read: () => registry.capacity().stagedBytes,
    },
    {
      name: 'acrux_stored_bytes',
      help: 'Bytes that count towards quotas, over all registries.',
      kind: 'gauge',
      read: async () => (await registry.quotaUse()).storedBytes,
    },
    {
      name: 'acrux_quota_highest_use_ratio',
      help: 'The highest share of its quota that a registry or repository uses; 0 where there is no quota.',
      kind: 'gauge',
      read: async () => (await registry.quotaUse()).highestRatio,
    },
    {
      name: 'acrux_log_lines_dropped_total',
      help: 'Log lines that could not be written.',
      kind: 'counter',
      read: () => droppedLogLines(),
    },
  ]
}

function budgetFigures(callerBudgets: FigureSources['callerBudgets']): readonly Figure[] {
  return [
    {
      name: 'acrux_requests_waiting',
      help: 'Requests that wait because their caller is over its budget.',
      kind: 'gauge',
      read: () => callerBudgets.counts.waiting,
    },
    {
      name: 'acrux_requests_over_budget_total',
      help: 'Requests that were answered with 429 because too many of their caller waited.',
      kind: 'counter',
      read: () => callerBudgets.counts.refused,
    },
    {
      name: 'acrux_buffered_body_bytes',
      help: 'Memory that is reserved for manifests which clients are sending.',
      kind: 'gauge',
      read: () => callerBudgets.counts.bufferedBytes,
    },
  ]
}
