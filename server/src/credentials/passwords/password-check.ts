import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuthenticationRecord, type AuthenticationRecords, type User, asUser } from '../../directory/index.ts'
import { isGeneratedPassword, verifyPassword } from '../../platform/keys/password-hash.ts'
import { BusyError } from '../../platform/limits/fair-queue.ts'
import { networkOf } from '../../platform/limits/sender-budget.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { withoutCaller } from '../../platform/process/authorized-work.ts'
import { isName, nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import type { SecondFactors, SecondFactorsHeld } from '../second-factors/model.ts'
import type { SecondFactorRules } from '../second-factors/second-factor-policy.ts'
import type { SecurityEvents } from '../security-events/security-events.ts'
import type { KnownPlaces, SignInPlace } from './known-places.ts'
import type { PasswordFailureStore } from './password-failure-store.ts'
import { createPasswordFailures } from './password-failures.ts'
import { type Attempt, createPasswordThrottle } from './password-throttle.ts'

/** A user name and password, with the address and browser that sent them. */
export type PasswordClaim = SignInPlace & {
  readonly userPrincipalName: string
  readonly password: string
  /** A code of the authenticator app or a recovery code, which the sender sent with the password. */
  readonly code?: string | undefined
}

export type PasswordCheck =
  | {
      readonly outcome: 'verified'
      readonly user: User
      /** The authentication methods in the form of the claim `amr`. [RFC 8176] */
      readonly methods: readonly string[]
      /** The user must choose another password before the sign-in continues. */
      readonly mustChangePassword: boolean
      readonly secondFactors: SecondFactorsHeld
      /** Whether the user has a second factor and has not used it yet. */
      readonly secondFactorRequired: boolean
      /** Whether the user has no second factor, and the policy requires a second factor. */
      readonly enrolmentRequired: boolean
    }
  | {
      readonly outcome: 'refused'
      /**
       * The reason of a denial. The server reveals only `disabled` to clients. `wrong` means a wrong password or an unknown name.
       * `code-needed`: after too many wrong passwords for this name, unknown senders also need a second factor.
       */
      readonly reason: 'wrong' | 'throttled' | 'code-needed' | 'disabled'
      /** The user whose authenticator app was closed by this attempt. */
      readonly closedAppOf?: User
    }
  /** Too many checks of this caller are running, so the server did not check the password. */
  | { readonly outcome: 'refused'; readonly reason: 'busy'; readonly retryAfterSeconds: number }

export type PasswordCheckOptions = {
  readonly database: Database
  readonly store: PasswordFailureStore
  readonly authentication: Pick<AuthenticationRecords, 'findByName'>
  readonly clock: Clock
  readonly secondFactors: Pick<SecondFactors, 'of' | 'useCode'>
  readonly rules: SecondFactorRules
  readonly places: KnownPlaces
  readonly securityEvents: SecurityEvents
}

/** The maximum number of denied requests that wait as long as a check takes. The server answers further denied requests immediately. */
const maxWaiting = 512

/**
 * Creates the check of passwords. An unknown name, a wrong password and a throttled attempt cause the same database reads and take the same
 * time.
 *
 * Unknown senders are limited per network, per network and name, and per name. Senders in a network or browser from which the user has
 * signed in are exempt, so that unknown senders cannot lock users out of the places where they work. Beyond the limit of a name, unknown
 * senders need a second factor, and each neighbourhood of addresses still has a few guesses. A password that the server generated cannot be
 * guessed, so no limit applies to it.
 */
export function createPasswordCheck(options: PasswordCheckOptions, throttle = createPasswordThrottle(options.clock)) {
  const { database, store, clock, rules, secondFactors, places, securityEvents } = options
  const failures = createPasswordFailures(options)
  const pace = createPace()

  async function check(claim: PasswordClaim): Promise<PasswordCheck> {
    const { key, network, user, known, isEnough } = await look(claim, options, failures)
    if (user?.passwordHash !== undefined && isGeneratedPassword(claim.password, user.passwordHash)) {
      return acceptPassword(user, claim, false)
    }
    const hasCode = claim.code !== undefined && claim.code !== ''
    if (!isEnough && !hasCode) return denyUnchecked('code-needed')
    const guess = { network, name: hashedName(key), known }
    const shared = await store.passwordGuesses(throttle.keysOf(guess))
    const attempt = throttle.begin(guess, shared)
    if (attempt === 'guesses') return denyUnchecked('throttled')
    if (!('end' in attempt)) return { outcome: 'refused', reason: 'busy', ...attempt }
    try {
      return await compare(claim, { key, network, user, attempt, shared, needsCode: !isEnough })
    } catch (error) {
      if (!(error instanceof BusyError)) throw error
      return { outcome: 'refused', reason: 'busy', retryAfterSeconds: error.retryAfterSeconds }
    } finally {
      attempt.end('dropped')
    }
  }

  /**
   * Compares the password, and then the code if the user needs a code. A wrong code counts only if the password is correct, so that nobody
   * else can block a user's authenticator app. The result does not distinguish a wrong code from a wrong password.
   */
  async function compare(claim: PasswordClaim, known: Admitted): Promise<PasswordCheck> {
    const { key, network, user, attempt, needsCode } = known
    const startMs = performance.now()
    const isRight = await verifyPassword(claim.password, user?.passwordHash, attempt.place)
    if (isRight && user !== undefined) {
      const check = await acceptPassword(user, claim, needsCode)
      const isCodeWrong = check.outcome === 'refused' && check.reason === 'code-needed'
      attempt.end(isCodeWrong ? 'rejected' : 'verified')
      if (isCodeWrong) await countingDenial((transaction) => countGuess(options, transaction, attempt))
      else if (known.shared.has(attempt.pairKey)) {
        const nowMs = clock.now()
        await database.transaction((transaction) => store.prunePasswordGuesses(transaction, nowMs, attempt.pairKey))
      }
      return check
    }
    attempt.end('rejected')
    await countingDenial(async (transaction) => {
      // If the limit of a name is exceeded, the server no longer counts guesses. Otherwise one network could block the name for all other
      // senders.
      if (!needsCode) await failures.count(transaction, key, network)
      await countGuess(options, transaction, attempt)
      // The server records the event for an unknown name too, so that the response time does not reveal which names exist.
      const event = { kind: 'failed-sign-in', detail: 'wrong-password', origin: originOf(claim) } as const
      await securityEvents.record(transaction, user?.objectId ?? '', event)
    })
    pace.took(performance.now() - startMs)
    return { outcome: 'refused', reason: needsCode ? 'code-needed' : 'wrong' }
  }

  /**
   * Records a denial without comparing the authority revision. If the revision had changed, the server would otherwise run the handler
   * again and count the same guess twice.
   */
  function countingDenial(record: (transaction: Transaction) => Promise<void>): Promise<void> {
    return withoutCaller(() => database.transaction(record))
  }

  async function denyUnchecked(reason: 'throttled' | 'code-needed'): Promise<PasswordCheck> {
    await pace.wait()
    return { outcome: 'refused', reason }
  }

  async function acceptPassword(
    user: AuthenticationRecord,
    claim: PasswordClaim,
    needsCode: boolean,
  ): Promise<PasswordCheck> {
    const { objectId } = user
    const sender = { known: false, origin: originOf(claim) }
    const codeMethods = needsCode ? await secondFactors.useCode(objectId, claim.code ?? '', sender) : []
    if (codeMethods === 'wrong') return { outcome: 'refused', reason: 'code-needed' }
    if (codeMethods === 'closing') return { outcome: 'refused', reason: 'code-needed', closedAppOf: asUser(user) }
    if (!user.enabled) return { outcome: 'refused', reason: 'disabled' }
    const held = await secondFactors.of(objectId)
    const methods = ['pwd', ...codeMethods]
    const due = await rules.due(undefined, user, methods)
    // The password alone does not make a network known if the user must also use a second factor.
    if (due === undefined) {
      await database.transaction((transaction) => places.record(transaction, objectId, originOf(claim)))
    }
    return { outcome: 'verified', user: asUser(user), methods, secondFactors: held, ...demandsOn(user, due) }
  }

  return check
}

/** Counts a guess for all processes. `attempt` has already counted the guess for this process. */
async function countGuess(
  { store, clock }: PasswordCheckOptions,
  transaction: Transaction,
  { guesses }: Attempt,
): Promise<void> {
  const nowMs = clock.now()
  await store.prunePasswordGuesses(transaction, nowMs)
  for (const guess of guesses) await store.takePasswordGuess(transaction, guess, nowMs)
}

/** What the user must still do after the server accepted the password. */
function demandsOn(user: AuthenticationRecord, due: 'second-factor' | 'enrolment' | undefined) {
  return {
    mustChangePassword: user.mustChangePassword,
    secondFactorRequired: due === 'second-factor',
    enrolmentRequired: due === 'enrolment',
  }
}

/** Reads the user whom a claim names, and the counters for the claim. */
async function look(
  claim: PasswordClaim,
  { authentication, places }: PasswordCheckOptions,
  failures: ReturnType<typeof createPasswordFailures>,
) {
  const name = claim.userPrincipalName
  const key = isName(name) ? nameKey(name) : ''
  const network = networkOf(claim.remoteAddress).slice(0, 64)
  const user = await authentication.findByName(name)
  const person = { objectId: user?.objectId ?? '', passwordChangedAtMs: user?.passwordChangedAtMs ?? 0 }
  const known = await places.isKnown(person, claim)
  const isEnough = await failures.isPasswordEnough(key, network)
  return { key, network, user, known, isEnough: known || isEnough }
}

/** An admitted attempt and the user whom it names. */
type Admitted = {
  readonly key: string
  readonly network: string
  readonly user: AuthenticationRecord | undefined
  readonly attempt: Attempt
  /** The times at which the allowances of guesses are full again, as read at the beginning of the attempt. */
  readonly shared: ReadonlyMap<string, number>
  readonly needsCode: boolean
}

function originOf({ remoteAddress, userAgent }: SignInPlace) {
  return { remoteAddress, userAgent }
}

/** A user name of limited length, as a key of the counters. */
function hashedName(key: string): string {
  return hash('sha256', key, 'base64')
}

/** Delays each denial without a check by the time that a check takes. */
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
