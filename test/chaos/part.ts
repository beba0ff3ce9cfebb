import type { Random } from '../durability/random.ts'
import type { RunningServer } from '../harness/server.ts'

/** The parts of a node with SQLite and files, which are broken one at a time. */
export const nodeParts = ['server', 'worker', 'disk-full', 'disk-error'] as const

/** The parts of three servers on PostgreSQL and an object store. */
export const clusterParts = ['replica', 'database', 'failover', 'store', 'clock'] as const

/** What can be broken. */
export type PartName = (typeof nodeParts)[number] | (typeof clusterParts)[number]

/**
 * Breaks a part, and returns a function that makes it work again, as a service manager or the end of a fault would.
 *
 */
export type Break = (random: Random) => Promise<() => Promise<unknown>>

/** Servers with one database, and the parts of them that can be broken. Disposing of it removes everything. */
export interface Installation extends AsyncDisposable {
  readonly servers: readonly [RunningServer, ...RunningServer[]]
  /** The login server of the registry with a retention policy. */
  readonly policyLoginServer: string
  readonly parts: Readonly<Partial<Record<PartName, Break>>>
}

/** The name of the registry with a retention policy. */
export const policyRegistry = 'policies'

/**
 * Further arguments of every server: garbage is collected all the time. The grace period is longer than a round takes on a slow
 * machine, in which a failover takes more than a minute: blobs without a manifest are deleted when their grace periods have expired.
 */
export const serverArguments = [
  '--log-level=warn',
  '--gc-interval-seconds=1',
  '--gc-grace-period-seconds=150',
  // The clients of a round share one credential and one address.
  '--limits-max-concurrent-requests-per-caller=256',
]
