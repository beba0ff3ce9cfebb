import { isName, nameKey } from '../../spec/object-name.ts'
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../platform/clock.ts'
import { verifyPassword } from '../../platform/password-hash.ts'
import { networkOf } from '../../platform/sender-budget.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { User } from '../index.ts'
import { createPasswordThrottle } from './password-throttle.ts'
import { toUser } from '../principals.ts'
import type { SecondFactors, SecondFactorsHeld } from './second-factors.ts'
import type { DirectoryStore } from '../store.ts'
import type { UserRow } from '../tables.ts'

/** What somebody says to prove who they are. */
export type PasswordClaim = {
  readonly userPrincipalName: string
  readonly password: string
  /** Where it was said. */
  readonly remoteAddress: string
}

export type PasswordCheck =
  | {
      readonly outcome: 'proved'
      readonly user: User
      /** The person must choose another password before anything else. */
      readonly mustChangePassword: boolean
      readonly secondFactors: SecondFactorsHeld
      readonly secondFactorRequired: boolean
    }
  | {
      readonly outcome: 'refused'
      /** `wrong` is an unknown name too. Clients must not be told one from another, but for `disabled`. */
      readonly reason: 'wrong' | 'throttled' | 'disabled'
    }

export type PasswordCheckOptions = {
  readonly database: Database
  readonly store: DirectoryStore
  readonly clock: Clock
  readonly secondFactors: Pick<SecondFactors, 'of'>
}

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

/** Wrong passwords that strangers may say for one name within an hour; then it is proved from known networks alone. */
const strangersFailures = 100
const failureWindowMs = hourMs

/** As many counters there are, whatever names are invented; a name shares one with a few that nobody can choose for harm. */
const failureBuckets = 65_536

/** A network is known for so long after the last proof, and of each person so many are. */
const networkKnownMs = 90 * dayMs
const networksRemembered = 20

/** So many refused requests wait as long as a check takes; more are answered at once. */
const waitingLimit = 512

/**
 * The proof by password. An unknown name, a wrong password and a throttled attempt make the same reads and take as long.
 *
 * Strangers are bounded per network, per network and name, and per name; somebody who proved a password from a network
 * before is not touched by what strangers do elsewhere, so that nobody can lock a person out of where they work.
 */
export function createPasswordCheck(options: PasswordCheckOptions, throttle = createPasswordThrottle(options.clock)) {
  const { database, store, clock, secondFactors } = options
  const pace = createPace()

  async function look(claim: PasswordClaim) {
    const name = claim.userPrincipalName
    const key = isName(name) ? nameKey(name) : ''
    const network = networkOf(claim.remoteAddress).slice(0, 64)
    const bucket = failureBucket(key)
    const row = await store.userByName(key)
    const seen = await store.knownNetwork(row?.object_id ?? '', network)
    const failures = await store.passwordFailures(bucket)
    const nowMs = clock.now()
    const known = seen !== undefined && nowMs < seen.seen_at_ms + networkKnownMs
    const counted = failures !== undefined && nowMs < failures.since_ms + failureWindowMs ? failures.failures : 0
    return { key, network, bucket, row, known, seenAtMs: seen?.seen_at_ms, open: known || counted < strangersFailures }
  }

  async function check(claim: PasswordClaim): Promise<PasswordCheck> {
    const { key, network, bucket, row, known, seenAtMs, open } = await look(claim)
    const attempt = open ? throttle.begin({ network, name: hashedName(key), known }) : undefined
    if (attempt === undefined) {
      await pace.wait()
      return { outcome: 'refused', reason: 'throttled' }
    }
    const startMs = performance.now()
    let right = false
    try {
      const stored = row === undefined || row.password_hash === '' ? undefined : row.password_hash
      right = await verifyPassword(claim.password, stored)
    } finally {
      attempt.end(right ? 'proved' : 'refused')
    }
    if (!right || row === undefined) {
      const nowMs = clock.now()
      await database.transaction((transaction) =>
        store.countPasswordFailure(transaction, bucket, nowMs, nowMs - failureWindowMs),
      )
      pace.took(performance.now() - startMs)
      return { outcome: 'refused', reason: 'wrong' }
    }
    if (row.enabled !== 1) return { outcome: 'refused', reason: 'disabled' }
    const nowMs = clock.now()
    if (seenAtMs === undefined || nowMs >= seenAtMs + dayMs) await remember(row, network, nowMs)
    return proved(row)
  }

  async function remember(row: UserRow, network: string, nowMs: number): Promise<void> {
    const known = { object_id: row.object_id, network, seen_at_ms: nowMs }
    await database.transaction((transaction) => store.rememberNetwork(transaction, known, networksRemembered))
  }

  async function proved(row: UserRow): Promise<PasswordCheck> {
    const held = await secondFactors.of(row.object_id)
    return {
      outcome: 'proved',
      user: toUser(row),
      mustChangePassword: row.must_change_password === 1,
      secondFactors: held,
      secondFactorRequired: held.totp || held.passkeys > 0,
    }
  }

  return check
}

/** Lets strangers guess anew for a name, as an administrator who gave a new password wishes. */
export async function forgetFailures(
  store: DirectoryStore,
  transaction: Transaction,
  userPrincipalNameKey: string,
): Promise<void> {
  await store.forgetPasswordFailures(transaction, failureBucket(userPrincipalNameKey))
}

/** Where wrong passwords for a name are counted. */
function failureBucket(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) % failureBuckets
}

/** Names have any length; what stands for them in memory has not. */
function hashedName(key: string): string {
  return createHash('sha256').update(key).digest('base64')
}

/** Makes who is refused without a check wait as long as checks take, which costs nothing. */
function createPace() {
  let typicalMs = 40
  let waiting = 0
  return {
    took: (durationMs: number): void => {
      typicalMs += (durationMs - typicalMs) / 8
    },
    wait: async (): Promise<void> => {
      if (waiting >= waitingLimit) return
      waiting += 1
      await sleep(typicalMs)
      waiting -= 1
    },
  }
}
