import type { IncomingMessage } from 'node:http'

const views = new WeakSet<IncomingMessage>()

/**
 * Marks a request of a person who views content in the portal. The mark is not a header, so that a client cannot set
 * it.
 */
export function markView(request: IncomingMessage): void {
  views.add(request)
}

/** Whether a person views content in the portal. Such a request does not count as a pull. */
export function isView(request: IncomingMessage): boolean {
  return views.has(request)
}
