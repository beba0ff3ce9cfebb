import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Audit, AuditEvent } from '../audit/index.ts'
import { MainThreadOnlyError, mainThreadOnly } from '../platform/process/main-thread-only.ts'
import type { EventsToWrite, EventsWritten } from './messages.ts'

/**
 * The audit log of a worker. The main thread writes the events of the worker. One message contains all events of one iteration of the event
 * loop. The worker leaves denied requests to the main thread, because the main thread decides which denials are written.
 */
export class ForwardedEvents {
  readonly #send: (events: EventsToWrite) => void
  readonly #waiting = new Map<number, { readonly resolve: () => void; readonly reject: (reason: Error) => void }>()
  #id = 0
  #turn: { readonly events: AuditEvent[]; readonly written: Promise<void> } | undefined

  constructor(send: (events: EventsToWrite) => void) {
    this.#send = send
  }

  readonly audit: Omit<Audit, 'noteUse'> = {
    append: (event) => this.#append(event),
    prepare: (event) => (origin) => this.#append({ ...event, origin }),
    record: mainThreadOnly,
  }

  /** Completes the waits for events that the main thread has written, or could not write. */
  settle({ id, isWritten }: EventsWritten): void {
    const waiter = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (isWritten) waiter?.resolve()
    // The main thread answers the request, and reports the error.
    else waiter?.reject(new MainThreadOnlyError())
  }

  #append(event: AuditEvent): Promise<void> {
    if (event.outcome === 'refused') mainThreadOnly()
    this.#turn ??= this.#beginTurn()
    this.#turn.events.push(event)
    return this.#turn.written
  }

  #beginTurn() {
    const id = ++this.#id
    const events: AuditEvent[] = []
    const written = new Promise<void>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    void this.#sendAtEndOfTurn(id, events)
    return { events, written }
  }

  async #sendAtEndOfTurn(id: number, events: readonly AuditEvent[]): Promise<void> {
    await endOfTurn()
    this.#turn = undefined
    this.#send({ kind: 'events', id, events })
  }
}
