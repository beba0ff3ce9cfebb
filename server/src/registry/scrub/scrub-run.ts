import type { ScrubContext } from './context.ts'

/** One thing that is wrong with what is stored. */
export type Finding = {
  readonly kind:
    | 'blob-missing'
    | 'blob-size'
    | 'blob-digest'
    | 'blob-unreadable'
    /** A repository holds a blob that has no row. */
    | 'blob-without-row'
    | 'file-without-row'
    | 'manifest-digest'
    /** A manifest names a blob that its repository does not hold. */
    | 'manifest-reference'
    /** The table of references lacks what a manifest names, so that it could be collected as garbage. */
    | 'manifest-reference-row'
    | 'audit-log'
  /** The digest, or the number of an event or a block. */
  readonly subject: string
  /** Where: a location, a repository, or the kind of damage to the audit log. */
  readonly place: string
  /** Whether it was dealt with: quarantined, or removed. */
  readonly repaired: boolean
}

/** How much of what was looked at. */
export type ScrubCounts = { blobs: number; bytes: number; manifests: number; files: number; auditEvents: number }

/** How far a scrub has come, and what it found. */
export type ScrubProgress = {
  /** From 0 to 1; rises evenly with the blobs and is a guess for the rest. */
  progress: number
  step: ScrubStep
  readonly counts: ScrubCounts
  /** The first thousand. */
  readonly findings: Finding[]
  findingCount: number
}

/** The steps of a scrub, in their order. */
export const scrubSteps = ['blobs', 'manifests', 'links', 'files', 'audit'] as const

export type ScrubStep = (typeof scrubSteps)[number]

/** The part of the whole at which each step begins, by experience. */
const stepStarts: Readonly<Record<ScrubStep, number>> = {
  blobs: 0,
  manifests: 0.85,
  links: 0.9,
  files: 0.92,
  audit: 0.97,
}

const maxFindings = 1000

/** What a step works with. */
export type ScrubRun = {
  readonly context: ScrubContext
  /** Whether corrupt content is quarantined and files without a row are removed. */
  readonly repair: boolean
  /** Whether no server uses the data directory, so that a young file without a row is not about to get one. */
  readonly isAlone: boolean
  /** Waits so that the rate of reading stays within its bound. */
  readonly pace: (sizeBytes: number) => Promise<void>
  readonly signal: AbortSignal
  readonly progress: ScrubProgress
  /** Is told after each piece of work from where the step can be continued. */
  readonly reached: (step: ScrubStep, place: string) => Promise<void>
}

export type AuditFinding = { readonly kind: string; readonly number: number }

/** Verifies the audit log. */
export type VerifyAudit = () => Promise<{ readonly events: number; readonly faults: readonly AuditFinding[] }>

/** An empty progress. */
export function newProgress(): ScrubProgress {
  const counts = { blobs: 0, bytes: 0, manifests: 0, files: 0, auditEvents: 0 }
  return { progress: 0, step: 'blobs', counts, findings: [], findingCount: 0 }
}

/** Notes what was found. */
export function addFinding({ progress }: ScrubRun, finding: Finding): void {
  progress.findingCount += 1
  if (progress.findings.length < maxFindings) progress.findings.push(finding)
}

/** Says how much of a step is done, from 0 to 1. */
export function advance({ progress }: ScrubRun, step: ScrubStep, part: number): void {
  const next = stepStarts[scrubSteps[scrubSteps.indexOf(step) + 1] ?? 'blobs']
  const end = next === 0 ? 1 : next
  progress.step = step
  progress.progress = stepStarts[step] + (end - stepStarts[step]) * Math.min(1, Math.max(0, part))
}
