import type { RunReport } from '../reports/run-reports.ts'

/** The steps of a garbage collection, in order. */
export const collectionSteps = ['policies', 'rows', 'uploads', 'registries', 'blobs', 'files'] as const

export type CollectionStep = (typeof collectionSteps)[number]

/** How much a garbage collection has deleted. */
export type Collected = {
  /** Manifests and tags, by the policies of registries. */
  manifests: number
  uploads: number
  blobs: number
  /** The size of the deleted blobs. */
  bytes: number
}

/** A garbage collection in progress. */
export type Collection = {
  readonly counts: Collected
  /** Called before each step, and after each piece of work with the part of the step that is done, from 0 to 1. */
  readonly reached: (step: CollectionStep, part?: number) => Promise<void>
}

/** The report of a garbage collection. */
export type CollectionReport = RunReport & {
  step: CollectionStep
  /** From 0 to 1; an estimate, which gives each step the same time. */
  progress: number
  readonly counts: Collected
}

/** Counts of nothing. */
export function nothingCollected(): Collected {
  return { manifests: 0, uploads: 0, blobs: 0, bytes: 0 }
}

/** The progress of a collection that has done a part of a step. */
export function progressAt(step: CollectionStep, part: number): number {
  return (collectionSteps.indexOf(step) + part) / collectionSteps.length
}

/** The progress of a pass over all digests that has reached this digest: digests are distributed evenly. */
export function partBefore(digest: string): number {
  return Number.parseInt(digest.slice(digest.indexOf(':') + 1).slice(0, 4), 16) / 0x10000
}
