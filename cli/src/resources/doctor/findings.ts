import type { Finding } from './step.ts'

/** A finding as a document with all members, even without a next step. */
type FindingDocument = Omit<Finding, 'nextStep'> & { readonly nextStep: string | null }

/** The documents of findings. */
export function findingDocuments(findings: readonly Finding[]): readonly FindingDocument[] {
  return findings.map(({ nextStep = null, ...finding }) => ({ ...finding, nextStep }))
}

/** The rows of findings for `--output table`. */
export function findingRows(findings: readonly FindingDocument[]): readonly object[] {
  return findings.map(({ check, status, detail, nextStep }) => ({ check, status, detail, nextStep }))
}

/** Findings as text: each on one line, followed by its next step. */
export function findingsText(findings: readonly FindingDocument[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  return findings
    .flatMap(({ check, status, detail, nextStep }) => [
      `${status.padEnd(7)}  ${check.padEnd(width)}  ${detail}`,
      ...(nextStep === null ? [] : [`${' '.repeat(9 + width)}  next step: ${nextStep}`]),
    ])
    .join('\n')
}
