import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Silence } from './server-watch.ts'
import { type Instant, Lease, type LeaseCommand } from './lease.ts'
import {
  acknowledgeRevision,
  deleteLease,
  leaseChannels,
  type Revisions,
  selectRevisions,
  sendNotification,
} from './lease-statements.ts'

/**
 * The lease of this process on the {@link Revisions} of a PostgreSQL server. The lease uses a separate connection,
 * because a notification reaches only the connection that listens. [PostgreSQL, LISTEN] There are no notifications
 * through a pooler, so the lease is then only renewed at regular times.
 */
export class PostgresLease {
  /** The id of this lease, which no other lease uses. */
  readonly replica = randomUUID()
  readonly lengthMs: number
  readonly #lease: Lease
  readonly #config: pg.ClientConfig
  /** The revisions from the last read. */
  #revisions: Revisions | undefined
  #client: pg.Client | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #silence: Silence
  #renewing: Promise<void> = Promise.resolve()
  #acknowledgement = Promise.withResolvers<void>()

  /**
   * @param connection a configuration with which `bigint` values are returned as numbers
   * @param silence receives a report of each response
   */
  constructor(connection: pg.ClientConfig, lengthMs: number, silence: Silence) {
    this.lengthMs = lengthMs
    this.#lease = new Lease(lengthMs)
    this.#config = { ...connection, connectionTimeoutMillis: lengthMs, query_timeout: lengthMs }
    this.#silence = silence
  }

  /** Starts to renew the lease periodically, three times per length of the lease. */
  start(): void {
    const renew = () => this.#run(this.#lease.renew(instant()))
    this.#timer = setInterval(renew, this.lengthMs / 3).unref()
    renew()
  }

  /** The revisions, if the lease is valid now. */
  revisions(): Revisions | undefined {
    const leased = this.#lease.revisionAt(instant())
    return leased !== undefined && leased === this.#revisions?.revision ? this.#revisions : undefined
  }

  /**
   * Call this method with a revision that was read elsewhere. A higher revision ends the lease at once, until the lease
   * is renewed.
   */
  heard(revision: number): void {
    this.#run(this.#lease.heard(revision, instant()))
  }

  /** A promise that is fulfilled at the next notification that any replica has acknowledged a revision. */
  acknowledgement(): Promise<void> {
    return this.#acknowledgement.promise
  }

  /** Ends the lease, and deletes its row, so that no revocation waits for the lease. */
  async close(): Promise<void> {
    this.#lease.stop()
    clearInterval(this.#timer)
    await this.#renewing
    const client = this.#client
    if (client === undefined) return
    // If the row is not deleted here, the next revocation deletes it.
    await client.query(deleteLease, [this.replica]).catch(() => undefined)
    this.#client = undefined
    await client.end()
  }

  #run(command: LeaseCommand | undefined): void {
    if (command !== undefined) this.#renewing = this.#perform(command)
  }

  /** Performs the commands of one renewal. The state machine begins no other renewal until this renewal has ended. */
  async #perform(command: LeaseCommand): Promise<void> {
    try {
      for (let next: LeaseCommand | undefined = command; next !== undefined;) {
        next = await this.#step(next)
        this.#silence.responded()
      }
    } catch {
      this.#lease.renewalFailed()
      this.#drop(this.#client)
    }
  }

  async #step(command: LeaseCommand): Promise<LeaseCommand | undefined> {
    const client = await this.#connect()
    switch (command.kind) {
      case 'acknowledge':
        await client.query(acknowledgeRevision, [this.replica, command.revision])
        return this.#lease.acknowledged()
      case 'read': {
        const { rows } = await client.query<Revisions>(selectRevisions)
        if (rows[0] === undefined) throw new Error('the table authority_revision is empty')
        this.#revisions = rows[0]
        return this.#lease.revisionRead(rows[0].revision, instant())
      }
      case 'announce': {
        // The announcement is not a part of the renewal, so the next renewal may begin before the announcement is sent.
        const values = [leaseChannels.acknowledged, String(command.revision)]
        client.query(sendNotification, values).catch(() => this.#drop(client))
        return undefined
      }
    }
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client
    const client = new pg.Client(this.#config)
    client.on('error', () => this.#drop(client))
    client.on('notification', ({ channel, payload }) => this.#notified(channel, payload))
    this.#client = client
    await client.connect()
    if (await isDirect(client))
      await client.query(`listen ${leaseChannels.revision}; listen ${leaseChannels.acknowledged}`)
    return client
  }

  #notified(channel: string, payload: string | undefined): void {
    const revision = Number(payload)
    if (channel === leaseChannels.revision && Number.isSafeInteger(revision)) this.heard(revision)
    if (channel === leaseChannels.acknowledged) {
      this.#acknowledgement.resolve()
      this.#acknowledgement = Promise.withResolvers()
    }
  }

  /** Closes a connection that failed. The next renewal opens a new connection. */
  #drop(client: pg.Client | undefined): void {
    if (client === undefined || client !== this.#client) return
    this.#client = undefined
    client.end().catch(() => undefined)
  }
}

/**
 * Whether a connection goes directly to the server and not to a pooler. A pooler uses another session of the server for
 * each transaction. A session that listens would continue to listen, and would deliver the notifications to its next
 * client.
 */
async function isDirect(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid === (client as pg.Client & { readonly processID: number | null }).processID
}

/**
 * Reads both clocks, because `performance.now` stops while a virtual machine is suspended, and the time of day may
 * jump. [clock_gettime(2)]
 */
function instant(): Instant {
  return { monotonicMs: performance.now(), wallMs: Date.now() }
}
