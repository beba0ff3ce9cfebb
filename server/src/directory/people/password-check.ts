import { isName, nameKey } from '../../standards/azure/object-name.ts'
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../platform/process/clock.ts'
import { BusyError } from '../../platform/limits/fair-queue.ts'
import { isGeneratedPassword, verifyPassword } from '../../platform/keys/password-hash.ts'
import { networkOf } from '../../platform/limits/sender-budget.ts'
import type { Database } from '../../platform/sql/database.ts'
import { toUser } from '../principals.ts'
import type { DirectoryStore } from '../store.ts'
import type { UserRow } from '../tables.ts'
import type { KnownPlaces, SignInPlace } from './known-places.ts'
import { createPasswordFailures } from './password-failures.ts'
import { type Attempt, createPasswordThrottle } from './password-throttle.ts'
import type { SecondFactorRules } from './second-factor-policy.ts'
import type { SecondFactors, SecondFactorsHeld } from './second-factors.ts'
import type { SecurityEvents } from './security-events.ts'
import type { User } from '../model.ts'

/** What somebody says to prove who they are, and from where. */
export type PasswordClaim = SignInPlace & {
  readonly userPrincipalName: string
  readonly password: string
  /** A code of the authenticator app, or a recovery code, said together with the password. */
  readonly code?: string | undefined
}

export type PasswordCheck =
  | {
      readonly outcome: 'proved'
      readonly user: User
      /** How the person was proved, as `amr` tells it. [RFC 8176] */
      readonly methods: readonly string[]
      /** The person must choose another password before anything else. */
      readonly mustChangePassword: boolean
      readonly secondFactors: SecondFactorsHeld
      /** Whether a second factor is held and was not shown yet. */
      readonly secondFactorRequired: boolean
      /** Whether the person has none, and the policy demands that one is set up. */
      readonly enrolmentRequired: boolean
    }
  | {
      readonly outcome: 'refused'
      /**
       * `wrong` is an unknown name too. Clients must not be told one from another, but for `disabled`. `code-needed`:
       * there were so many wrong passwords for this name that strangers have to show a second factor as well.
       */
      readonly reason: 'wrong' | 'throttled' | 'code-needed' | 'disabled'
      /** Whose authenticator app was closed by this attempt. */
      readonly closedAppOf?: User
    }
  /** Too many proofs of this caller are running; nothing was looked at. */
  | { readonly outcome: 'refused'; readonly reason: 'busy'; readonly retryAfterSeconds: number }

export type PasswordCheckOptions = {
  readonly database: Database
  readonly store: DirectoryStore
  readonly clock: Clock
  readonly secondFactors: Pick<SecondFactors, 'of' | 'useCode'>
  readonly rules: SecondFactorRules
  readonly places: KnownPlaces
  readonly securityEvents: SecurityEvents
}

/** So many refused requests wait as long as a check takes; more are answered at once. */
const maxWaiting = 512

/**
 * The proof by password. An unknown name, a wrong password and a throttled attempt make the same reads and take as long.
 *
 * Strangers are bounded per network, per network and name, and per name; somebody who signed in from a network or browser
 * before is not touched by what strangers do elsewhere, so that nobody can lock a person out of where they work. Beyond the
 * bound of a name, strangers are asked for a second factor, and each neighbourhood of addresses still has a few guesses. A
 * password that the server generated cannot be guessed: no bound applies to the right one.
 */
export function createPasswordCheck(options: PasswordCheckOptions, throttle = createPasswordThrottle(options.clock)) {
  const { database, store, rules, secondFactors, places, securityEvents } = options
  const failures = createPasswordFailures(options)
  const pace = createPace()

  async function look(claim: PasswordClaim) {
    const name = claim.userPrincipalName
    const key = isName(name) ? nameKey(name) : ''
    const network = networkOf(claim.remoteAddress).slice(0, 64)
    const row = await store.userByName(key)
    const person = { objectId: row?.object_id ?? '', passwordChangedAtMs: row?.password_changed_at_ms ?? 0 }
    const known = await places.isKnown(person, claim)
    const isEnough = await failures.isPasswordEnough(key, network)
    return { key, network, row, known, isEnough: known || isEnough }
  }

  async function check(claim: PasswordClaim): Promise<PasswordCheck> {
    const { key, network, row, known, isEnough } = await look(claim)
    if (row !== undefined && isGeneratedPassword(claim.password, row.password_hash)) return proved(row, claim, false)
    const hasCode = claim.code !== undefined && claim.code !== ''
    if (!isEnough && !hasCode) return refuseUnseen('code-needed')
    const attempt = throttle.begin({ network, name: hashedName(key), known })
    if (attempt === 'guesses') return refuseUnseen('throttled')
    if (!('end' in attempt)) return { outcome: 'refused', reason: 'busy', ...attempt }
    try {
      return await weigh(claim, { key, network, row, attempt, needsCode: !isEnough })
    } catch (error) {
      if (!(error instanceof BusyError)) throw error
      return { outcome: 'refused', reason: 'busy', retryAfterSeconds: error.retryAfterSeconds }
    } finally {
      attempt.end('dropped')
    }
  }

  /**
   * Compares the password, and after it the code where that is needed: a wrong code counts only for whoever has the password,
   * so that nobody else can close the app of a person. A wrong code is not told from a wrong password.
   */
  async function weigh(claim: PasswordClaim, weighed: Weighed): Promise<PasswordCheck> {
    const { key, network, row, attempt, needsCode } = weighed
    const startMs = performance.now()
    const stored = row === undefined || row.password_hash === '' ? undefined : row.password_hash
    const right = await verifyPassword(claim.password, stored, attempt.place)
    if (right && row !== undefined) {
      const check = await proved(row, claim, needsCode)
      const isCodeWrong = check.outcome === 'refused' && check.reason === 'code-needed'
      attempt.end(isCodeWrong ? 'refused' : 'proved')
      return check
    }
    attempt.end('refused')
    await database.transaction(async (transaction) => {
      // Beyond the limit of a name there is nothing more to count: one network could close the name for all others.
      if (!needsCode) await failures.count(transaction, key, network)
      // Written for an unknown name too, whose events nobody reads: the time does not tell which names there are.
      const event = { kind: 'failed-sign-in', detail: 'wrong-password', origin: originOf(claim) } as const
      await securityEvents.record(transaction, row?.object_id ?? '', event)
    })
    pace.took(performance.now() - startMs)
    return { outcome: 'refused', reason: needsCode ? 'code-needed' : 'wrong' }
  }

  async function refuseUnseen(reason: 'throttled' | 'code-needed'): Promise<PasswordCheck> {
    await pace.wait()
    return { outcome: 'refused', reason }
  }

  async function proved(row: UserRow, claim: PasswordClaim, hasShownCode: boolean): Promise<PasswordCheck> {
    const objectId = row.object_id
    const sender = { known: false, origin: originOf(claim) }
    const codeMethods = hasShownCode ? await secondFactors.useCode(objectId, claim.code ?? '', sender) : []
    if (codeMethods === 'wrong') return { outcome: 'refused', reason: 'code-needed' }
    if (codeMethods === 'closing') return { outcome: 'refused', reason: 'code-needed', closedAppOf: toUser(row) }
    if (row.enabled !== 1) return { outcome: 'refused', reason: 'disabled' }
    const held = await secondFactors.of(objectId)
    const methods = ['pwd', ...codeMethods]
    const due = await rules.due(undefined, { objectId, directoryRole: row.directory_role }, methods)
    // Whoever has only the password of two factors makes no network a known one.
    if (due === undefined) {
      await database.transaction((transaction) => places.remember(transaction, objectId, originOf(claim)))
    }
    return {
      outcome: 'proved',
      user: toUser(row),
      methods,
      mustChangePassword: row.must_change_password === 1,
      secondFactors: held,
      secondFactorRequired: due === 'second-factor',
      enrolmentRequired: due === 'enrolment',
    }
  }

  return check
}

type Weighed = {
  readonly key: string
  readonly network: string
  readonly row: UserRow | undefined
  readonly attempt: Attempt
  readonly needsCode: boolean
}

function originOf({ remoteAddress, userAgent }: SignInPlace) {
  return { remoteAddress, userAgent }
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
      if (waiting >= maxWaiting) return
      waiting += 1
      await sleep(typicalMs)
      waiting -= 1
    },
  }
}
