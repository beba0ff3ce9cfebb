import type { RunReport } from '../reports/run-reports.ts'

/** The steps of a garbage collection, in order. */
export const collectionSteps = ['policies', 'rows', 'uploads', 'registries', 'blobs', 'files'] as const

export type CollectionStep = (typeof collectionSteps)[number]

/** The amount of content that a garbage collection has deleted. */
export type Collected = {
  /** Manifests and tags that were deleted by the policies of registries. */
  manifests: number
  uploads: number
  blobs: number
  /** The size of the deleted blobs. */
  bytes: number
}

/** A garbage collection in progress. */
export type Collection = {
  readonly counts: Collected
  /** Called before each step, and after each part of a step. `part` is the completed part of the step, from 0 to 1. */
  readonly reached: (step: CollectionStep, part?: number) => Promise<void>
}

/** The report of a garbage collection. */
export type CollectionReport = RunReport & {
  step: CollectionStep
  /** The progress from 0 to 1. It is an estimate, which assumes that all steps take the same time. */
  progress: number
  readonly counts: Collected
}

/** Counts for a collection that has deleted nothing. */
export function nothingCollected(): Collected {
  return { manifests: 0, uploads: 0, blobs: 0, bytes: 0 }
}

/** The progress of a collection that has completed a part of a step. */
export function progressAt(step: CollectionStep, part: number): number {
  return (collectionSteps.indexOf(step) + part) / collectionSteps.length
}

/**
 * The progress of a pass over all digests that has reached this digest. The estimate is possible because digests are distributed evenly.
 */
export function partBefore(digest: string): number {
  return Number.parseInt(digest.slice(digest.indexOf(':') + 1).slice(0, 4), 16) / 0x10000
}
