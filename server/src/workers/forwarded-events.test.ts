import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AuditEvent } from '../audit/index.ts'
import { MainThreadOnlyError } from '../platform/process/main-thread-only.ts'
import { ForwardedEvents } from './forwarded-events.ts'
import type { EventsToWrite } from './messages.ts'

const event: AuditEvent = {
  action: 'token.issue',
  outcome: 'success',
  actor: { kind: 'service-principal', id: 'x' },
  target: 'registry.example.com',
  origin: { correlationId: 'x', remoteAddress: '192.0.2.1', userAgent: undefined },
}

/** Appends an event, and reports whether the main thread has written it. */
async function append(isWritten: boolean): Promise<void> {
  const sent: EventsToWrite[] = []
  const events = new ForwardedEvents((message) => sent.push(message))
  const written = events.audit.append(event)
  written.catch(() => undefined)
  await nextTurn()
  await nextTurn()
  const [message] = sent
  assert.deepEqual(message?.events, [event])
  events.settle({ kind: 'events-written', id: message?.id ?? 0, isWritten })
  await written
}

test('if the audit event of a token could not be written, a worker leaves the request to the main thread', async () => {
  await assert.rejects(append(false), MainThreadOnlyError)
})

test('a worker answers a request when the audit event of its token is written', async () => {
  await append(true)
})
