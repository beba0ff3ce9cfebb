import type { ScrubContext } from './context.ts'

/** A problem with stored content. */
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
    /** A manifest names content that the table of references lacks, so that it could be garbage-collected. */
    | 'manifest-reference-row'
    | 'audit-log'
  /** The digest, or the number of an event or a block. */
  readonly subject: string
  /** The location, the repository, or the kind of damage to the audit log. */
  readonly place: string
  /** Whether it was quarantined or removed. */
  readonly repaired: boolean
}

/** How much has been checked. */
export type ScrubCounts = { blobs: number; bytes: number; manifests: number; files: number; auditEvents: number }

/** The progress and the findings of a scrub. */
export type ScrubProgress = {
  /** From 0 to 1; proportional for blobs, and estimated for the rest. */
  progress: number
  step: ScrubStep
  readonly counts: ScrubCounts
  /** The first thousand findings. Files without a row are left out first. */
  readonly findings: Finding[]
  findingCount: number
}

/** The steps of a scrub, in order. */
export const scrubSteps = ['blobs', 'manifests', 'links', 'files', 'audit'] as const

export type ScrubStep = (typeof scrubSteps)[number]

/** The estimated progress at which each step begins. */
const stepStarts: Readonly<Record<ScrubStep, number>> = {
  blobs: 0,
  manifests: 0.85,
  links: 0.9,
  files: 0.92,
  audit: 0.97,
}

const maxFindings = 1000

/** A running scrub. */
export type ScrubRun = {
  readonly context: ScrubContext
  /** Whether corrupt content is quarantined and files without a row are removed. */
  readonly repair: boolean
  /** Waits, to limit the rate of reading. */
  readonly pace: (sizeBytes: number) => Promise<void>
  readonly signal: AbortSignal
  readonly progress: ScrubProgress
  /** Called after each piece of work, with the position from which the step can be continued. */
  readonly reached: (step: ScrubStep, place: string) => Promise<void>
}

export type AuditFinding = { readonly kind: string; readonly number: number }

/** Verifies the audit log. */
export type VerifyAudit = () => Promise<{ readonly events: number; readonly faults: readonly AuditFinding[] }>

/** The initial progress. */
export function newProgress(): ScrubProgress {
  const counts = { blobs: 0, bytes: 0, manifests: 0, files: 0, auditEvents: 0 }
  return { progress: 0, step: 'blobs', counts, findings: [], findingCount: 0 }
}

/** Records a finding. */
export function addFinding({ progress }: ScrubRun, finding: Finding): void {
  const { findings } = progress
  progress.findingCount += 1
  if (findings.length >= maxFindings) {
    const lesser = findings.findLastIndex((other) => severityOf(other) < severityOf(finding))
    if (lesser < 0) return
    findings.splice(lesser, 1)
  }
  findings.push(finding)
}

/** A file without a row is harmless, and more so after its removal. */
function severityOf({ kind, repaired }: Finding): number {
  if (kind !== 'file-without-row') return 2
  return repaired ? 0 : 1
}

/** Sets the progress of a step, from 0 to 1. */
export function advance({ progress }: ScrubRun, step: ScrubStep, part: number): void {
  const next = stepStarts[scrubSteps[scrubSteps.indexOf(step) + 1] ?? 'blobs']
  const end = next === 0 ? 1 : next
  progress.step = step
  progress.progress = stepStarts[step] + (end - stepStarts[step]) * Math.min(1, Math.max(0, part))
}
