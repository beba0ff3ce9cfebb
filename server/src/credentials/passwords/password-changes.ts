import {
  type AuthenticationRecord,
  type AuthenticationRecords,
  type User,
  asUser,
  noPasswordHere,
  resourceNotFound,
} from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { SecondFactorStore } from '../second-factors/second-factor-store.ts'
import type { NewSecurityEvent, SecurityEvents } from '../security-events/security-events.ts'
import { type AuthenticatedUser, requireValidAuthentication } from '../sign-ins/authentication.ts'
import type { KnownNetworkStore } from './known-network-store.ts'
import type { OneTimeCodes } from '../one-time-codes/one-time-code-store.ts'
import type { PasswordFailureStore } from './password-failure-store.ts'
import { deleteFailures } from './password-failures.ts'
import { type PreparedPassword, preparePassword } from './passwords.ts'

/** A change of a password, and the sender for the security events of the user. */
export type PasswordChange = {
  /** Also removes the authenticator app, the passkeys and the recovery codes. */
  readonly removesMethods?: boolean
  readonly origin: NewSecurityEvent['origin']
}

/** An administrator's reset of a password. */
export type PasswordReset = PasswordChange & {
  /** Whether the user must choose another password at the next sign-in. */
  readonly mustChange: boolean
}

export type PasswordChangeOptions = {
  readonly authentication: AuthenticationRecords
  readonly store: KnownNetworkStore & PasswordFailureStore
  readonly oneTimeLinks: Pick<OneTimeCodes, 'delete'>
  readonly secondFactorStore: Pick<SecondFactorStore, 'deleteSecondFactorsOf'>
  readonly clock: Clock
  readonly securityEvents: Pick<SecurityEvents, 'record'>
  readonly endSignInsOf: (transaction: Transaction, objectId: string) => Promise<void>
  /** A password must not consist of these names. */
  readonly tenantNames: () => Promise<readonly string[]>
}

/** Creates the functions that change passwords. */
export function createPasswordChanges(options: PasswordChangeOptions) {
  const { authentication, tenantNames } = options
  return {
    /** Checks and hashes the first password of a user, or a password that an administrator set. @throws WeakPasswordError */
    prepareInitialPassword: async (userPrincipalName: string, password: string): Promise<PreparedPassword> =>
      preparePassword({ userPrincipalName, password, names: await tenantNames() }),

    /** Checks and hashes a later password that a user chose, before the transaction that stores the password. @throws WeakPasswordError */
    preparePassword: async (userPrincipalName: string, password: string): Promise<PreparedPassword> => {
      const user = await authentication.findByName(userPrincipalName)
      const names = [...(await tenantNames()), user?.displayName ?? '', user?.mail ?? '']
      return preparePassword({ userPrincipalName, password, current: user?.passwordHash, names })
    },

    /** Resets a password, and ends the sign-ins of the user. @throws DirectoryError */
    resetPassword: async (
      transaction: Transaction,
      objectId: string,
      password: PreparedPassword,
      reset: PasswordReset,
    ): Promise<void> => {
      await replacePassword(options, transaction, objectId, { ...reset, ...password, kind: 'password-reset' })
    },

    /** Sets the password that a user chose, and ends the sign-ins of the user. @throws AuthenticationRejectedError */
    changePassword: async (
      transaction: Transaction,
      user: AuthenticatedUser,
      password: PreparedPassword,
      change: PasswordChange,
    ): Promise<User> => {
      await requireValidAuthentication(authentication, transaction, user)
      const replacement = { ...change, ...password, kind: 'password-changed', mustChange: false } as const
      return asUser(await replacePassword(options, transaction, user.objectId, replacement))
    },
  }
}

type PasswordReplacement = PasswordReset & PreparedPassword & { readonly kind: 'password-reset' | 'password-changed' }

/** Replaces a password, ends the sign-ins with the old password, and records the event. */
async function replacePassword(
  {
    authentication,
    store,
    oneTimeLinks,
    secondFactorStore,
    clock,
    securityEvents,
    endSignInsOf,
  }: PasswordChangeOptions,
  transaction: Transaction,
  objectId: string,
  { kind, passwordHash, mustChange, removesMethods = false, origin }: PasswordReplacement,
): Promise<AuthenticationRecord> {
  transaction.changesAuthority()
  const user = await requireUser(authentication, transaction, objectId)
  if (user.external) throw noPasswordHere()
  await authentication.setPassword(transaction, objectId, { passwordHash, mustChange, atMs: clock.now() })
  await securityEvents.record(transaction, objectId, { kind, origin })
  if (removesMethods && (await secondFactorStore.deleteSecondFactorsOf(transaction, objectId))) {
    await securityEvents.record(transaction, objectId, { kind: 'method-removed', detail: 'all', origin })
  }
  await endSignInsOf(transaction, objectId)
  await oneTimeLinks.delete(transaction, objectId)
  // The server forgets the networks from which the old password was used.
  await store.deleteNetworks(transaction, objectId)
  await deleteFailures(store, transaction, user.nameKey)
  return requireUser(authentication, transaction, objectId)
}

async function requireUser(
  authentication: AuthenticationRecords,
  transaction: Transaction,
  objectId: string,
): Promise<AuthenticationRecord> {
  const user = await authentication.find(objectId, transaction)
  if (user === undefined) throw resourceNotFound(objectId)
  return user
}
