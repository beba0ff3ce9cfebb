import { isUserPrincipalName, nameKey } from '../../standards/azure/object-name.ts'
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import { hashPassword } from '../../platform/keys/password-hash.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { OnPrincipalDeleted, DirectoryRole } from '../model.ts'
import { DirectoryError, NameTakenError, resourceNotFound } from '../errors.ts'
import { requireOwnerLeft } from '../owners.ts'
import { forgetFailures } from './password-failures.ts'
import { type ExternalIdentities, type FederatedIdentity, IdentityTakenError } from '../external/external-identities.ts'
import type { EnrolmentCodes } from './enrolment-codes.ts'
import type { NewSecurityEvent, SecurityEvents } from './security-events.ts'
import { type PreparedPassword, preparePassword } from './passwords.ts'
import { type UserRecord, toUserRecord } from '../records.ts'
import { type ProvedUser, requireProof } from './proof-standing.ts'
import type { DirectoryStore } from '../store.ts'
import type { UserRow } from '../tables.ts'

/** A person to be. */
export type NewUser = {
  readonly userPrincipalName: string
  readonly displayName: string
  /** In clear it is hashed at once and is not judged; undefined for people whom another provider proves. */
  readonly password: string | PreparedPassword | undefined
  readonly directoryRole?: DirectoryRole
  readonly mail?: string | undefined
  readonly mailNickname?: string | undefined
  readonly enabled?: boolean | undefined
  readonly mustChangePassword?: boolean | undefined
  readonly external?: boolean | undefined
}

/** What may be changed of a person; what is absent stays as it is. */
export type UserChange = {
  readonly displayName?: string | undefined
  readonly mail?: string | null | undefined
  readonly mailNickname?: string | undefined
  readonly enabled?: boolean | undefined
  readonly mustChangePassword?: boolean | undefined
}

/** What a change of a password does besides, and from where it comes, which the person can see in their security events. */
export type PasswordChange = {
  /** Removes the authenticator app, the passkeys and the recovery codes as well. */
  readonly removesMethods?: boolean
  readonly origin: NewSecurityEvent['origin']
}

/** An administrator's reset of a password. */
export type PasswordReset = PasswordChange & {
  /** Whether the person must choose another at the next sign-in. */
  readonly mustChange: boolean
}

type PasswordReplacement = PasswordReset & { readonly kind: 'password-reset' | 'password-changed' }

export type PeopleOptions = {
  readonly store: DirectoryStore
  readonly clock: Clock
  /** Names that passwords may not be made of. */
  readonly tenantNames: () => Promise<readonly string[]>
  readonly enrolmentCodes: Pick<EnrolmentCodes, 'remove'>
  readonly securityEvents: Pick<SecurityEvents, 'record'>
  readonly identities: Pick<ExternalIdentities, 'setIdentities' | 'identitiesOf'>
  readonly onPrincipalDeleted: OnPrincipalDeleted
}

/** The changes of users. Each throws `DirectoryError` for what may not be. */
export function createPeople({
  store,
  clock,
  tenantNames,
  enrolmentCodes,
  securityEvents,
  identities,
  onPrincipalDeleted,
}: PeopleOptions) {
  async function requireUser(transaction: Transaction, objectId: string): Promise<UserRow> {
    const row = await store.user(transaction, objectId)
    if (row === undefined) throw resourceNotFound(objectId)
    return row
  }

  /** @throws RangeError for what is no user principal name; NameTakenError */
  async function createUser(transaction: Transaction, user: NewUser): Promise<UserRecord> {
    if (!isUserPrincipalName(user.userPrincipalName)) {
      throw new RangeError('a user principal name is a name, an @ and a domain')
    }
    const nowMs = clock.now()
    const hasPassword = user.password !== undefined
    const row: UserRow = {
      object_id: randomUUID(),
      user_principal_name: user.userPrincipalName,
      user_principal_name_key: nameKey(user.userPrincipalName),
      display_name: user.displayName,
      display_name_key: nameKey(user.displayName),
      password_hash: await storedPassword(user.password),
      enabled: user.enabled === false ? 0 : 1,
      directory_role: user.directoryRole ?? null,
      created_at_ms: nowMs,
      mail: user.mail ?? null,
      mail_nickname: user.mailNickname ?? null,
      must_change_password: hasPassword && user.mustChangePassword === true ? 1 : 0,
      password_changed_at_ms: hasPassword ? nowMs : null,
      proof_revision: 0,
      external: user.external === true ? 1 : 0,
    }
    if (!(await store.insertUser(transaction, row))) throw new NameTakenError(user.userPrincipalName)
    return toUserRecord(row)
  }

  async function updateUser(transaction: Transaction, objectId: string, change: UserChange): Promise<void> {
    // What is remembered of a user holds the name and whether the user is enabled.
    transaction.changesAuthority()
    const row = await requireUser(transaction, objectId)
    if (change.mustChangePassword === true && row.password_hash === '') throw noPasswordHere()
    const { displayName, mail, mailNickname, enabled, mustChangePassword } = change
    const set = {
      ...(displayName === undefined ? {} : { display_name: displayName, display_name_key: nameKey(displayName) }),
      ...(mail === undefined ? {} : { mail }),
      ...(mailNickname === undefined ? {} : { mail_nickname: mailNickname }),
      ...(enabled === undefined ? {} : { enabled: enabled ? 1 : 0 }),
      ...(mustChangePassword === undefined ? {} : { must_change_password: mustChangePassword ? 1 : 0 }),
    }
    if (Object.keys(set).length > 0) await store.updateUser(transaction, objectId, set)
    // Who is enabled again begins anew, and so does who has to choose a password: what was ended stays ended.
    if (enabled === false || mustChangePassword === true) await store.endSignInsOf(transaction, objectId)
    if (enabled === false && row.directory_role === 'owner') await requireOwnerLeft(store, transaction)
  }

  /** Replaces a password, ends the sign-ins that the old one made, and records the event. */
  async function replacePassword(
    transaction: Transaction,
    objectId: string,
    { passwordHash }: PreparedPassword,
    { kind, mustChange, removesMethods = false, origin }: PasswordReplacement,
  ): Promise<UserRecord> {
    transaction.changesAuthority()
    const row = await requireUser(transaction, objectId)
    if (row.external === 1) throw noPasswordHere()
    await store.updateUser(transaction, objectId, {
      password_hash: passwordHash,
      must_change_password: mustChange ? 1 : 0,
      password_changed_at_ms: clock.now(),
    })
    await securityEvents.record(transaction, objectId, { kind, origin })
    if (removesMethods && (await store.deleteSecondFactorsOf(transaction, objectId))) {
      await securityEvents.record(transaction, objectId, { kind: 'method-removed', detail: 'all', origin })
    }
    await store.endSignInsOf(transaction, objectId)
    // A network of whoever knew the old password is no longer a known one.
    await store.forgetNetworks(transaction, objectId)
    await forgetFailures(store, transaction, row.user_principal_name_key)
    return toUserRecord(await requireUser(transaction, objectId))
  }

  /** Resets a password, as an administrator does. */
  function setPassword(
    transaction: Transaction,
    objectId: string,
    password: PreparedPassword,
    reset: PasswordReset,
  ): Promise<UserRecord> {
    return replacePassword(transaction, objectId, password, { ...reset, kind: 'password-reset' })
  }

  /** Sets the password that somebody chose who was proved before. @throws ProofRefusedError */
  async function changePassword(
    transaction: Transaction,
    user: ProvedUser,
    password: PreparedPassword,
    change: PasswordChange,
  ): Promise<UserRecord> {
    await requireProof(store, transaction, user)
    const replacement = { ...change, kind: 'password-changed', mustChange: false } as const
    return replacePassword(transaction, user.objectId, password, replacement)
  }

  /** Deletes a user with all that they had here and elsewhere. */
  async function deleteUser(transaction: Transaction, objectId: string): Promise<UserRecord> {
    transaction.changesAuthority()
    const row = await requireUser(transaction, objectId)
    await onPrincipalDeleted(transaction, objectId)
    await store.deleteFromGroups(transaction, objectId)
    await store.endSignInsOf(transaction, objectId)
    await store.deleteSecondFactorsOf(transaction, objectId)
    await store.forgetNetworks(transaction, objectId)
    await store.deleteSecurityEventsOf(transaction, objectId)
    await enrolmentCodes.remove(transaction, objectId)
    await store.deleteUser(transaction, objectId)
    if (row.directory_role === 'owner') await requireOwnerLeft(store, transaction)
    return toUserRecord(row)
  }

  /** Makes these the identities of a user, and ends the sign-ins of who has lost one. */
  async function setIdentities(
    transaction: Transaction,
    objectId: string,
    wanted: readonly FederatedIdentity[],
  ): Promise<void> {
    try {
      if (!(await identities.setIdentities(transaction, objectId, wanted))) return
    } catch (error) {
      if (!(error instanceof IdentityTakenError)) throw error
      throw new DirectoryError('conflict', `Property identities cannot be set: ${error.message}.`, { cause: error })
    }
    transaction.changesAuthority()
    await store.endSignInsOf(transaction, objectId)
  }

  return {
    createUser,
    updateUser,
    setPassword,
    changePassword,
    deleteUser,
    setIdentities,
    identitiesOf: identities.identitiesOf,
    /** Judges and hashes a password that an administrator gives somebody. @throws WeakPasswordError */
    preparePassword: async (userPrincipalName: string, password: string): Promise<PreparedPassword> =>
      preparePassword({ userPrincipalName, password, names: await tenantNames() }),
  }
}

async function storedPassword(password: NewUser['password']): Promise<string> {
  if (password === undefined) return ''
  return typeof password === 'string' ? hashPassword(password) : password.passwordHash
}

function noPasswordHere(): DirectoryError {
  return new DirectoryError('invalid', 'The user is proved by another provider and has no password here.')
}
