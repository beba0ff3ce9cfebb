import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { externalNameMark, isName, nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import type { ExternalIdentity, User } from '../principals/model.ts'
import type { TenantReader } from '../principals/tenant.ts'
import { toUser } from '../principals/principals.ts'
import type { UserRow } from '../principals/rows.ts'
import { type ExternalGroups, type ProviderGroups, digest } from './external-groups.ts'
import type { ExternalUserStore } from './external-user-store.ts'

/** A person whom another provider authenticated. Names and mail are only displayed; they decide nothing. */
export type ExternalPerson = ExternalIdentity &
  ProviderGroups & {
    readonly displayName: string
    readonly userName: string | undefined
    readonly mail: string | undefined
    /** The time at which the sign-in and its group memberships expire. */
    readonly expiresAtMs: number
  }

/** The result of a sign-in at another provider. */
export type ExternalSignIn =
  | { readonly outcome: 'verified'; readonly user: User; readonly isNew: boolean }
  | { readonly outcome: 'not-linked' | 'disabled' | 'too-many-groups' }

/** Another user has this identity, or the user has another identity of the same issuer. */
export class IdentityTakenError extends Error {
  override readonly name = 'IdentityTakenError'
}

export type ExternalUsersOptions = {
  readonly clock: Clock
  readonly store: ExternalUserStore
  /** Returns false if another user has the name. */
  readonly insertUser: (transaction: Transaction, row: UserRow) => Promise<boolean>
  readonly groups: ExternalGroups
  readonly tenant: TenantReader
}

/** Creates the users that other providers authenticate, and their identities at these providers. */
export function createExternalUsers(options: ExternalUsersOptions) {
  const { clock, store, groups } = options

  async function createUser(transaction: Transaction, person: ExternalPerson): Promise<UserRow> {
    const { defaultDomain } = await options.tenant(transaction)
    // If an owner moved the identity away from the user with this name, the name is taken. The new user then gets another name.
    for (const names of [[], [randomUUID()]]) {
      const row = newUser(person, externalUserName(person, defaultDomain, ...names), clock.now())
      if (!(await options.insertUser(transaction, row))) continue
      await link(transaction, person, row.object_id)
      return row
    }
    throw new Error('the generated user name already exists')
  }

  /** Links an identity that does not belong to a user yet. */
  async function link(transaction: Transaction, { issuer, subject }: ExternalIdentity, objectId: string) {
    const row = { issuer, subject, object_id: objectId, signed_in_at_ms: null, stands_until_ms: 0 }
    await store.putIdentity(transaction, row)
  }

  return {
    /**
     * Finds the user of an authenticated person by issuer and subject. If no user exists, the function creates a user without permissions.
     * It replaces the user's memberships in the provider's groups. Changes nothing if the user may not sign in.
     */
    signInExternalPerson: async (
      transaction: Transaction,
      person: ExternalPerson,
      { createUsers }: { readonly createUsers: boolean },
    ): Promise<ExternalSignIn> => {
      const known = await store.identity(transaction, person.issuer, person.subject)
      if (known === undefined && !createUsers) return { outcome: 'not-linked' }
      if (known?.enabled === 0) return { outcome: 'disabled' }
      const groupIds = await groups.idsFor(transaction, person)
      if (groupIds === undefined) return { outcome: 'too-many-groups' }
      const row = known ?? (await createUser(transaction, person))
      await groups.replace(transaction, row.object_id, person.issuer, groupIds)
      // If a user has a local account, the user keeps the names of this account.
      const names = namesOf(person)
      if (row.external === 1 && (row.display_name !== names.display_name || row.mail !== names.mail)) {
        // Caches contain the name of the user.
        transaction.changesAuthority()
        await store.updateNames(transaction, row.object_id, names)
      }
      await store.recordSignInTimes(transaction, person, { nowMs: clock.now(), expiresAtMs: person.expiresAtMs })
      const user = toUser(row.external === 1 ? { ...row, ...names } : row)
      return { outcome: 'verified', user, isNew: known === undefined }
    },

    findExternalUser: async ({ issuer, subject }: ExternalIdentity): Promise<User | undefined> => {
      const row = await store.identity(undefined, issuer, subject)
      return row && toUser(row)
    },

    /** The time at which the user's last sign-in at any provider expires; 0 if the user has no such sign-in. */
    externalSignInExpiresAtMs: async (transaction: Transaction, objectId: string): Promise<number> => {
      const rows = await store.identitiesOf(objectId, transaction)
      return Math.max(0, ...rows.map(({ stands_until_ms }) => stands_until_ms))
    },

    identitiesOf: async (objectId: string): Promise<readonly ExternalIdentity[]> =>
      (await store.identitiesOf(objectId)).map(({ issuer, subject }) => ({ issuer, subject })),

    /**
     * Replaces the identities of a user. If the user loses the identity of a provider, the user leaves the groups of the provider.
     *
     * @returns whether the user lost an identity, so that the sign-ins must end
     * @throws IdentityTakenError
     */
    setIdentities: async (
      transaction: Transaction,
      objectId: string,
      identities: readonly ExternalIdentity[],
    ): Promise<boolean> => {
      if (new Set(identities.map(({ issuer }) => issuer)).size < identities.length) {
        throw new IdentityTakenError('a user can have only one identity of an issuer')
      }
      const had = await store.identitiesOf(objectId, transaction)
      const gone = had.filter((row) => !identities.some((identity) => isSame(identity, row)))
      for (const row of gone) {
        await store.deleteIdentity(transaction, row)
        await groups.leave(transaction, objectId, row.issuer)
      }
      for (const { issuer, subject } of identities.filter((identity) => !had.some((row) => isSame(identity, row)))) {
        if ((await store.identity(transaction, issuer, subject)) !== undefined) {
          throw new IdentityTakenError('another user has this identity')
        }
        await link(transaction, { issuer, subject }, objectId)
      }
      return gone.length > 0
    },

    /** Deletes the identities of a deleted user. */
    deleteIdentitiesOf: async (transaction: Transaction, objectId: string): Promise<void> => {
      for (const row of await store.identitiesOf(objectId, transaction)) await store.deleteIdentity(transaction, row)
    },
  }
}

export type ExternalUsers = ReturnType<typeof createExternalUsers>

/**
 * A user name that contains the provider of a person. The name also contains the digest of issuer and subject, so nobody can get the name
 * of another user by choosing a name at a provider.
 */
export function externalUserName(person: ExternalPerson, domain: string, ...more: readonly string[]): string {
  const wanted = (person.userName ?? person.displayName).toLowerCase().normalize('NFKD')
  const readable = wanted
    .replaceAll('@', '_')
    .replaceAll(/[^a-z0-9._-]+/g, '')
    .slice(0, 24)
  return `${readable}_${digest(person.issuer, person.subject, ...more)}${externalNameMark}@${domain}`
}

function newUser(person: ExternalPerson, userPrincipalName: string, nowMs: number): UserRow {
  return {
    object_id: randomUUID(),
    user_principal_name: userPrincipalName,
    user_principal_name_key: nameKey(userPrincipalName),
    ...namesOf(person),
    password_hash: '',
    enabled: 1,
    directory_role: null,
    created_at_ms: nowMs,
    mail_nickname: null,
    must_change_password: 0,
    password_changed_at_ms: null,
    proof_revision: 0,
    external: 1,
  }
}

function namesOf({ displayName, subject, mail }: ExternalPerson) {
  const name = isName(displayName) ? displayName : subject
  return { display_name: name, display_name_key: nameKey(name), mail: mail !== undefined && isName(mail) ? mail : null }
}

function isSame(one: ExternalIdentity, other: ExternalIdentity): boolean {
  return one.issuer === other.issuer && one.subject === other.subject
}
