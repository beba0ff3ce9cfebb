import type { Finding, ScrubProgress } from '@acrux/server'
import { evenSizeText } from '@acrux/shared/texts/size-text.ts'
import { createProgressBar, createProgressLines } from '../../framework/terminal/progress-bar.ts'
import { terminalLine } from '../../framework/terminal/terminal-text.ts'
import { faultText } from '../audit/fault-text.ts'

/** Describes a finding in one line. */
export function findingText(finding: Finding): string {
  const { repaired } = finding
  const outcome =
    finding.kind === 'file-without-row' ? ' (removed)' : ' (quarantined until a client pushes the content again)'
  // Users choose parts of the text, so control characters must not reach the terminal.
  return terminalLine(`${problemOf(finding)}${repaired ? outcome : ''}`)
}

function problemOf({ kind, subject, place }: Finding): string {
  switch (kind) {
    case 'blob-missing':
      return `blob ${subject}: the file is missing`
    case 'blob-size':
      return `blob ${subject}: the file has the wrong size`
    case 'blob-digest':
      return `blob ${subject}: the file is corrupt`
    case 'blob-unreadable':
      return `blob ${subject}: the file cannot be read`
    case 'blob-without-row':
      return `blob ${subject}: the repository with id ${place} refers to the blob, but the database contains no row for the blob`
    case 'file-without-row':
      return `file ${place}: the database contains no row for the file`
    case 'manifest-digest':
      return `manifest ${subject} in ${place}: the bytes are corrupt`
    case 'manifest-reference':
      return `manifest ${place}: the repository does not contain the blob ${subject}`
    case 'manifest-reference-row':
      return `manifest ${place}: the database row of the reference to ${subject} is missing`
    case 'audit-log':
      return `audit log: ${faultText({ kind: place, number: Number(subject) })}`
  }
}

/** Shows the progress of a scrub. */
type ProgressDisplay = {
  readonly show: (progress: ScrubProgress) => void
  /** Removes the progress bar. */
  readonly end: () => void
}

/** Shows a progress bar on a terminal, and one line for every 10 % elsewhere. */
export function createProgressDisplay(output: NodeJS.WriteStream): ProgressDisplay {
  const bar = output.isTTY ? createProgressBar(output) : createProgressLines(output)
  return { show: (scrub) => bar.show(scrub.progress, textOf(scrub)), end: bar.end }
}

function textOf({ step, counts, findingCount }: ScrubProgress): string {
  return `${step}: ${counts.blobs} blobs, ${evenSizeText(counts.bytes)}, ${findingCount} problems`
}
