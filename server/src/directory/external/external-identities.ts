import { externalNameMark, isName, nameKey } from '../../standards/azure/object-name.ts'
import { createHash, randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { type ExternalGroupRow, externalIdentityStore } from './external-identity-store.ts'
import { toUser } from '../principals.ts'
import type { DirectoryStore } from '../store.ts'
import type { UserRow } from '../tables.ts'
import type { Tenant, User } from '../model.ts'
import { cutText } from '../../standards/http/cut-text.ts'

/** Who somebody is at an outside provider: given once there and to nobody else again. [OpenID Connect Core §2, `sub`] */
export type FederatedIdentity = { readonly issuer: string; readonly subject: string }

/** Somebody whom an outside provider proved. Names and mail are shown, and decide nothing. */
export type ExternalPerson = FederatedIdentity & {
  /** The provider's name in the settings, after which its groups are called. */
  readonly provider: string
  readonly displayName: string
  readonly userName: string | undefined
  readonly mail: string | undefined
  /** Everything that the provider says the person is in, at this moment. */
  readonly groups: readonly string[]
  /** Until then the sign-in holds, and the groups with it. */
  readonly standsUntilMs: number
}

/** What came of a sign-in at an outside provider. */
export type ExternalSignIn =
  | { readonly outcome: 'proved'; readonly user: User; readonly isNew: boolean }
  | { readonly outcome: 'not-linked' | 'disabled' | 'too-many-groups' }

/** Somebody else has this identity, or the user has another of the same issuer. */
export class IdentityTakenError extends Error {
  override readonly name = 'IdentityTakenError'
}

export type ExternalIdentityOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly store: Pick<DirectoryStore, 'insertUser' | 'endSignInsOf'>
  readonly tenant: () => Promise<Tenant>
}

/** A provider could fill the directory with groups; it cannot with more than these. */
const mostGroupsOfIssuer = 20_000
const sweepSize = 200

/** Knows the people and groups of outside providers. */
export function createExternalIdentities(options: ExternalIdentityOptions) {
  const { database, clock } = options
  const store = externalIdentityStore(database)

  /** The groups that stand for what the provider names; undefined when it names too much. */
  async function groupsOf(transaction: Transaction, person: ExternalPerson): Promise<readonly string[] | undefined> {
    const found = await store.groups(transaction, person.issuer, person.groups)
    const known = new Set(found.map(({ value }) => value))
    const unknown = person.groups.filter((value) => !known.has(value))
    const count = unknown.length === 0 ? 0 : await store.groupCount(transaction, person.issuer)
    if (count + unknown.length > mostGroupsOfIssuer) return undefined
    for (const value of unknown) found.push(await makeGroup(transaction, person, value))
    return found.map(({ group_id }) => group_id)
  }

  /** The user's memberships in the issuer's groups become these, and no others. */
  async function replaceGroups(
    transaction: Transaction,
    objectId: string,
    issuer: string,
    groupIds: readonly string[],
  ) {
    const had = new Set((await store.memberships(transaction, objectId, issuer)).map(({ group_id }) => group_id))
    const has = new Set(groupIds)
    for (const groupId of had.difference(has)) await store.deleteMember(transaction, groupId, objectId)
    for (const groupId of has.difference(had)) await store.insertMember(transaction, groupId, objectId)
    if (had.symmetricDifference(has).size > 0) transaction.changesAuthority()
  }

  async function makeGroup(
    transaction: Transaction,
    { issuer, provider }: ExternalPerson,
    value: string,
  ): Promise<ExternalGroupRow> {
    const row = { issuer, value, group_id: randomUUID() }
    const displayName = cutText(`${provider}:${value}`, 256)
    const mailNickname = `${provider}-${digest(issuer, value)}`
    await store.insertGroup(transaction, row, {
      object_id: row.group_id,
      display_name: displayName,
      display_name_key: nameKey(displayName),
      description: cutText(`A group of ${issuer}. Who is in it is taken from each sign-in there.`, 1024),
      mail_nickname: mailNickname,
      mail_nickname_key: nameKey(mailNickname),
      created_at_ms: clock.now(),
    })
    return row
  }

  async function makeUser(transaction: Transaction, person: ExternalPerson): Promise<UserRow> {
    const { defaultDomain } = await options.tenant()
    // Where an owner took the identity from the user who has its name, whoever comes with it now is somebody else.
    for (const names of [[], [randomUUID()]]) {
      const row = newUser(person, externalUserName(person, defaultDomain, ...names), clock.now())
      if (!(await options.store.insertUser(transaction, row))) continue
      await link(transaction, person, row.object_id)
      return row
    }
    throw new Error('a user name of random bits is taken')
  }

  /** Makes an identity, which nobody has, a user's. */
  async function link(transaction: Transaction, { issuer, subject }: FederatedIdentity, objectId: string) {
    const row = { issuer, subject, object_id: objectId, signed_in_at_ms: null, stands_until_ms: 0 }
    await store.putIdentity(transaction, row)
  }

  async function leaveGroups(transaction: Transaction, objectId: string, issuer: string): Promise<void> {
    await store.deleteMemberships(transaction, objectId, issuer)
    transaction.changesAuthority()
  }

  return {
    /**
     * Takes in somebody whom a provider proved: finds the user by issuer and subject alone, or makes one without any right,
     * and has the user be in those of the provider's groups that it names now. Nothing is changed for who may not sign in.
     */
    signInExternalPerson: async (
      transaction: Transaction,
      person: ExternalPerson,
      { createUsers }: { readonly createUsers: boolean },
    ): Promise<ExternalSignIn> => {
      const known = await store.identity(transaction, person.issuer, person.subject)
      if (known === undefined && !createUsers) return { outcome: 'not-linked' }
      if (known?.enabled === 0) return { outcome: 'disabled' }
      const groupIds = await groupsOf(transaction, person)
      if (groupIds === undefined) return { outcome: 'too-many-groups' }
      const row = known ?? (await makeUser(transaction, person))
      await replaceGroups(transaction, row.object_id, person.issuer, groupIds)
      // Whoever has an account here as well has the names that were given here.
      const names = namesOf(person)
      if (row.external === 1 && (row.display_name !== names.display_name || row.mail !== names.mail)) {
        // What is remembered of a user holds the name.
        transaction.changesAuthority()
        await store.updateNames(transaction, row.object_id, names)
      }
      const times = { nowMs: clock.now(), standsUntilMs: person.standsUntilMs }
      await store.noteSignIn(transaction, person, times)
      return {
        outcome: 'proved',
        user: toUser(row.external === 1 ? { ...row, ...names } : row),
        isNew: known === undefined,
      }
    },

    findExternalUser: async ({ issuer, subject }: FederatedIdentity): Promise<User | undefined> => {
      const row = await store.identity(undefined, issuer, subject)
      return row && toUser(row)
    },

    /** Until when the last sign-in of a user at any provider holds. */
    standsUntilMs: async (transaction: Transaction, objectId: string): Promise<number> => {
      const rows = await store.identitiesOf(objectId, transaction)
      return Math.max(0, ...rows.map(({ stands_until_ms }) => stands_until_ms))
    },

    identitiesOf: async (objectId: string): Promise<readonly FederatedIdentity[]> =>
      (await store.identitiesOf(objectId)).map(({ issuer, subject }) => ({ issuer, subject })),

    /**
     * An owner's act: these identities, and no others, are the user from now on. Groups of a provider that is no longer
     * among them are left.
     *
     * @returns whether one was taken away, so that the user's sign-ins are to be ended
     * @throws IdentityTakenError
     */
    setIdentities: async (
      transaction: Transaction,
      objectId: string,
      identities: readonly FederatedIdentity[],
    ): Promise<boolean> => {
      if (new Set(identities.map(({ issuer }) => issuer)).size < identities.length) {
        throw new IdentityTakenError('a user has one identity of an issuer')
      }
      const had = await store.identitiesOf(objectId, transaction)
      const gone = had.filter((row) => !identities.some((identity) => isSame(identity, row)))
      for (const row of gone) {
        await store.deleteIdentity(transaction, row)
        await leaveGroups(transaction, objectId, row.issuer)
      }
      for (const { issuer, subject } of identities.filter((identity) => !had.some((row) => isSame(identity, row)))) {
        if ((await store.identity(transaction, issuer, subject)) !== undefined) {
          throw new IdentityTakenError('another user has this identity')
        }
        await link(transaction, { issuer, subject }, objectId)
      }
      return gone.length > 0
    },

    /** Ends what a deleted user leaves behind. */
    deleteIdentitiesOf: async (transaction: Transaction, objectId: string): Promise<void> => {
      for (const row of await store.identitiesOf(objectId, transaction)) await store.deleteIdentity(transaction, row)
    },

    /**
     * Ends what was proved by issuers that are believed no more: the sign-ins of their people, and what those told of groups.
     * To be run at the start, when the settings may be others.
     */
    endProofsOfOthers: async (isBelieved: (issuer: string) => boolean): Promise<void> => {
      const nowMs = clock.now()
      const issuers = (await store.issuersInForce(nowMs)).filter((issuer) => !isBelieved(issuer))
      if (issuers.length === 0) return
      await database.transaction(async (transaction) => {
        transaction.changesAuthority()
        for (const issuer of issuers) {
          for (const objectId of await store.peopleInForce(transaction, issuer, nowMs)) {
            await options.store.endSignInsOf(transaction, objectId)
            await leaveGroups(transaction, objectId, issuer)
          }
          await store.endIssuer(transaction, issuer, nowMs)
        }
      })
    },

    /** Takes people out of the groups that a sign-in told which has ended. To be run every minute. */
    endStaleMemberships: async (): Promise<void> => {
      while (await store.hasStaleIdentities(clock.now())) {
        await database.transaction(async (transaction) => {
          for (const { object_id, issuer } of await store.staleIdentities(transaction, clock.now(), sweepSize)) {
            await leaveGroups(transaction, object_id, issuer)
          }
        })
      }
    },
  }
}

export type ExternalIdentities = ReturnType<typeof createExternalIdentities>

/**
 * A user name that says where somebody is from, and that nobody can have by choosing a name elsewhere: what makes it
 * theirs is the digest of issuer and subject.
 */
export function externalUserName(person: ExternalPerson, domain: string, ...more: readonly string[]): string {
  const wanted = (person.userName ?? person.displayName).toLowerCase().normalize('NFKD')
  const readable = wanted
    .replaceAll('@', '_')
    .replaceAll(/[^a-z0-9._-]+/g, '')
    .slice(0, 24)
  return `${readable}_${digest(person.issuer, person.subject, ...more)}${externalNameMark}@${domain}`
}

/** 80 bits in hexadecimal digits: nobody finds a second subject that has them. */
function digest(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 20)
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

function isSame(one: FederatedIdentity, other: FederatedIdentity): boolean {
  return one.issuer === other.issuer && one.subject === other.subject
}
