import { setTimeout as sleep } from 'node:timers/promises'
import { expireLeases, leaseChannels, selectStanding, sendNotification } from './lease-statements.ts'
import type { PostgresLease } from './postgres-lease.ts'
import { RevocationWait, type Standing } from './revocation-wait.ts'

/** Runs a statement in a separate transaction. The function may run the statement twice. */
export type RunStatement = (query: { name?: string; text: string; values: unknown[] }) => Promise<object[]>

/**
 * Waits until no replica makes decisions with an earlier authority revision. Call this function after a commit, and
 * before the answer. The wait takes one statement if all replicas have acknowledged the revision. If a replica does not
 * respond, the wait takes up to 1.02 times the length of a lease.
 */
export async function awaitLeases(lease: PostgresLease, run: RunStatement): Promise<void> {
  const wait = new RevocationWait(lease.lengthMs, performance.now())
  let isNotified = false
  for (;;) {
    const acknowledgement = lease.acknowledgement()
    // If the database does not respond, the wait takes the whole length.
    const standing = await readStanding(lease.replica, wait.revision, run).catch(() => undefined)
    if (standing !== undefined) lease.heard(standing.revision)
    const command = wait.next(standing, performance.now())
    switch (command.kind) {
      case 'answer':
        return
      case 'expire':
        await run({ text: expireLeases, values: [command.revision] }).catch(() => undefined)
        return
      case 'look': {
        if (!isNotified && wait.revision !== undefined) {
          isNotified = true
          const values = [leaseChannels.revision, String(wait.revision)]
          await run({ text: sendNotification, values }).catch(() => undefined)
        }
        await Promise.race([acknowledgement, sleep(command.afterMs)])
      }
    }
  }
}

async function readStanding(replica: string, revision: number | undefined, run: RunStatement): Promise<Standing> {
  const query = { name: 'acrux_leases', text: selectStanding, values: [replica, revision ?? null] }
  const [row] = (await run(query)) as { revision: number; behind: number; is_timeline_settled: boolean }[]
  if (row === undefined) throw new Error('the database has no authority revision')
  return { revision: row.revision, behind: row.behind, isTimelineSettled: row.is_timeline_settled }
}
