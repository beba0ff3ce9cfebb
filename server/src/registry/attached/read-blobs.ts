import { hash } from 'node:crypto'
import { type Digest, digestAlgorithm, digestHex } from '@acrux/shared/standards/oci/digest.ts'
import { type Findings, UnreadableReportError } from './findings.ts'
import { readReport } from './read-report.ts'

/** The blobs of an attached artifact, and the digest that it is attached to. */
export type ReportQuestion = {
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[]
  readonly subject: string
}

/** What the artifact contains, if it is a report, or why it cannot be read. */
export type ReportAnswer = { readonly findings: Findings | undefined } | { readonly unreadable: string }

/** Reads an attached artifact on the calling thread. An artifact with several statements has the newest findings of each kind. */
export function readBlobs({ blobs, subject }: ReportQuestion): ReportAnswer {
  const found: Findings[] = []
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
  return { findings: joined(found) }
}

const order: readonly Findings['kind'][] = ['vulnerabilities', 'sbom', 'provenance', 'signature']

function joined(found: readonly Findings[]): Findings | undefined {
  const kind = order.find((one) => found.some((findings) => findings.kind === one))
  const main = found.findLast((findings) => findings.kind === kind)
  return (
    main && { ...main, packages: main.packages ?? found.findLast(({ packages }) => packages !== undefined)?.packages }
  )
}
