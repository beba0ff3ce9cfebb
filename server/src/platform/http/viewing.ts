import type { IncomingMessage } from 'node:http'

const views = new WeakSet<IncomingMessage>()

/** Marks a request of a person who looks at content in the portal. No header does this, so that a client cannot. */
export function markView(request: IncomingMessage): void {
  views.add(request)
}

/** Whether a person looks at content in the portal, which is no pull. */
export function isView(request: IncomingMessage): boolean {
  return views.has(request)
}
