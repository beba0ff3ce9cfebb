import { hash } from 'node:crypto'
import { type Digest, digestAlgorithm, digestHex } from '@acrux/shared/standards/oci/digest.ts'
import { type Findings, type ReportContent, UnreadableReportError } from '@acrux/shared/reports/findings.ts'
import { joinReports, readReport } from '@acrux/shared/reports/read-report.ts'

/** The blobs of an attached artifact, and the digest to which the artifact is attached. */
export type ReportQuestion = {
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[]
  readonly subject: string
}

/** The findings of an artifact if the artifact is a report, or the reason why the server cannot read the report. */
export type ReportAnswer = { readonly findings: Findings | undefined } | { readonly unreadable: string }

/**
 * Reads an attached artifact on the calling thread. If an artifact has several statements, the result has the newest findings of each kind.
 */
export function readBlobs({ blobs, subject }: ReportQuestion): ReportAnswer {
  const found: ReportContent[] = []
  try {
    for (const { digest, bytes } of blobs) {
      if (hash(digestAlgorithm(digest), bytes, 'hex') !== digestHex(digest)) {
        throw new UnreadableReportError('The stored bytes of the report are corrupt.')
      }
      const findings = readReport(bytes, subject)
      if (findings !== undefined) found.push(findings)
    }
  } catch (error) {
    if (error instanceof UnreadableReportError) return { unreadable: error.message }
    throw error
  }
  return { findings: countsOf(joinReports(found)) }
}

/** Returns the counts, without the lists from which they were counted. */
function countsOf(content: ReportContent | undefined): Findings | undefined {
  if (content === undefined) return undefined
  const { kind, counts, packages, scanner } = content
  return { kind, counts, packages, scanner }
}
