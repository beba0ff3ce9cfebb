import type { JsonObject } from '@acrux/shared/standards/http/bounded-json.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { deleteByDigest } from '../manifests/delete-manifest.ts'
import { deleteKnownTag, setTagLocks } from '../properties/tag-properties.ts'
import { setManifestLocks } from '../properties/manifest-properties.ts'
import { type AcrCall, type AsOtherRoute, sendJson } from '../protocol/call.ts'
import type { bulkResultsSchema } from '../protocol/documents.ts'
import { OciError } from '../protocol/errors.ts'
import { ClientGoneError, withBody } from '../protocol/read-body.ts'
import { toOciError } from '../protocol/render-error.ts'
import { requireLockChange } from '../repositories/locks.ts'
import { requireTag, restoreByDigest } from '../retention/soft-deleted.ts'
import type { BulkContext } from './context.ts'
import { maxBulkBytes, type Operation, requireOperations } from './operations.ts'

type Result = DocumentOf<typeof bulkResultsSchema>['results'][number]

/** How long a request begins operations: proxies end connections that send nothing for longer. */
const maxBulkMs = 45_000

/**
 * `POST` of several operations on the content of a registry. Each operation is authorized, recorded and answered as a request to
 * its own route, and a failure does not stop the next operation. This is not ACR's.
 *
 * @throws OciError BAD_REQUEST
 * @throws ClientGoneError if the client disconnects: the next operations are not done
 */
export async function runBulk(context: BulkContext, call: AcrCall<'bulk'>, asOtherRoute: AsOtherRoute): Promise<void> {
  const operations = await withBody(call, maxBulkBytes, async (bytes) => requireOperations(bytes))
  const untilMs = performance.now() + maxBulkMs
  const results: Result[] = []
  let stop: OciError | undefined
  for (const operation of operations) {
    if (call.response.destroyed) throw new ClientGoneError('the client disconnected during its operations')
    if (performance.now() >= untilMs) stop ??= outOfTime()
    const outcome = stop ?? (await attempt(context, call, operation, asOtherRoute))
    // The next operation would wait for the same outage.
    if (outcome instanceof OciError && outcome.code === 'UNAVAILABLE') stop = outcome
    results.push(resultOf(operation, outcome))
  }
  sendJson(call, 200, { results })
}

function resultOf({ repository, reference }: Operation, outcome: number | OciError): Result {
  if (typeof outcome === 'number') return { status: outcome, repository, reference }
  const { status, code, message, reason } = outcome
  return { status, repository, reference, error: { code, message: reason ?? message } }
}

/** Returns the status of an operation that succeeded, or its error. */
async function attempt(
  context: BulkContext,
  call: AcrCall<'bulk'>,
  operation: Operation,
  asOtherRoute: AsOtherRoute,
): Promise<number | OciError> {
  try {
    return await perform(context, call, operation, asOtherRoute)
  } catch (error) {
    const known = toOciError(error)
    if (known !== undefined) return known
    context.log.error({ err: error, id: call.origin.correlationId }, 'an operation of a request failed')
    return new OciError('UNKNOWN', { cause: error })
  }
}

/** Returns the status of the route of the operation. */
async function perform(
  context: BulkContext,
  call: AcrCall<'bulk'>,
  operation: Operation,
  asOtherRoute: AsOtherRoute,
): Promise<number> {
  const { repository, reference } = operation
  switch (operation.operation) {
    case 'deleteManifest': {
      const path = { kind: 'manifest', repository, reference: requireDigestText(reference) } as const
      await asOtherRoute(call, { method: 'DELETE', surface: 'oci', path }, async (part) => {
        if (part.path.reference.kind === 'digest') await deleteByDigest(context, part, part.path.reference.digest)
      })
      return 202
    }
    case 'deleteTag': {
      const path = { kind: 'tag', repository, tag: reference } as const
      await asOtherRoute(call, { method: 'DELETE', surface: 'acr', path }, (part) => deleteKnownTag(context, part))
      return 202
    }
    case 'setAttributes':
      await setAttributes(context, call, operation, asOtherRoute)
      return 200
    case 'restoreManifest': {
      const { tag, force = false } = operation
      const restored = { tag: tag === undefined ? undefined : requireTag(tag), force }
      const path = { kind: 'deleted-manifest', repository, digest: reference } as const
      await asOtherRoute(call, { method: 'POST', surface: 'acr', path }, (part) =>
        restoreByDigest(context, part, restored),
      )
      return 200
    }
  }
}

async function setAttributes(
  context: BulkContext,
  call: AcrCall<'bulk'>,
  { repository, reference, attributes }: Extract<Operation, { operation: 'setAttributes' }>,
  asOtherRoute: AsOtherRoute,
): Promise<void> {
  // The attributes are parsed JSON, so that no member is undefined.
  const change = requireLockChange(attributes as JsonObject)
  if (reference.includes(':')) {
    const path = { kind: 'manifest', repository, digest: reference } as const
    await asOtherRoute(call, { method: 'PATCH', surface: 'acr', path }, (part) =>
      setManifestLocks(context, part, change),
    )
  } else {
    const path = { kind: 'tag', repository, tag: reference } as const
    await asOtherRoute(call, { method: 'PATCH', surface: 'acr', path }, (part) => setTagLocks(context, part, change))
  }
}

/** The route of manifests deletes tags, too. @throws OciError DIGEST_INVALID */
function requireDigestText(text: string): string {
  if (text.includes(':')) return text
  throw new OciError('DIGEST_INVALID', {
    message: 'a manifest is deleted by its digest; use deleteTag to delete a tag',
    detail: { digest: text },
  })
}

function outOfTime(): OciError {
  const message = `the operations took longer than ${maxBulkMs / 1000} seconds: send this operation again`
  return new OciError('TOOMANYREQUESTS', { message })
}
