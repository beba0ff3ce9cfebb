import type { AuditEvent } from '../audit/index.ts'
import { referenceText } from '@acrux/shared/standards/oci/reference.ts'
import type { ImportFailure } from './import-failure.ts'
import type { ImportRequest } from './model.ts'
import type { ImportedImage } from './rows.ts'

/** The audit event of an import, without its outcome. */
export type ImportEvent = Omit<AuditEvent, 'outcome' | 'reason'>

/** The event of the end of an import. */
export function eventOf({ from, into, targets }: ImportRequest): ImportEvent {
  const { actor, credential } = into.caller
  const source = from.kind === 'local' ? from.rid : from.host
  const detail = { source, repository: from.repository, into: [...targets.keys()].slice(0, 20) }
  return { action: 'image.import', actor, credential, target: into.registry.loginServer, detail, origin: into.origin }
}

/** The event of the end of a failed import. */
export function failedEvent(event: ImportEvent, { reason, message }: ImportFailure): AuditEvent {
  return { ...event, outcome: 'refused', reason, detail: { ...event.detail, message } }
}

/** The image that a request names. */
export function imageOf({ from, reference, targets }: ImportRequest): ImportedImage {
  const mark = reference.kind === 'digest' ? '@' : ':'
  return {
    source: `${from.host}/${from.repository}${mark}${referenceText(reference)}`,
    targets: [...targets].flatMap(([repository, tags]) =>
      tags.length === 0 ? [repository] : tags.map((tag) => `${repository}:${tag}`),
    ),
  }
}
