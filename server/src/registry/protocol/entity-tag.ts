import type { IncomingMessage } from 'node:http'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'

/** The entity tag of content with this digest. [RFC 9110 §8.8.3] */
export function entityTag(digest: Digest): string {
  return `"${digest}"`
}

/** Whether the client has this content, by `If-None-Match`. Docker's client omits the quotation marks. */
export function isHeldByClient(request: IncomingMessage, digest: Digest): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  const tag = entityTag(digest)
  return header.split(',').some((part) => {
    const candidate = part.trim()
    return candidate === tag || candidate === `W/${tag}` || candidate === digest || candidate === '*'
  })
}
