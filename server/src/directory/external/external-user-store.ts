import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { DirectoryTables, GroupRow, UserRow } from '../principals/rows.ts'

/** The identity of a user at another provider. */
export type ExternalIdentityRow = {
  readonly issuer: string
  readonly subject: string
  readonly object_id: string
  readonly signed_in_at_ms: number | null
  /** The time at which the last sign-in and its group memberships expire. */
  readonly stands_until_ms: number
}

/** A group of this directory that represents a group of a provider. */
export type ExternalGroupRow = { readonly issuer: string; readonly value: string; readonly group_id: string }

type Tables = DirectoryTables & {
  external_identity: ExternalIdentityRow
  external_group: ExternalGroupRow
}

/** The maximum number of values that one statement contains. */
const batchSize = 500

/** The SQL of users and groups of other providers. */
export function externalUserStore(database: Database) {
  return { ...identityStore(database), ...expiryStore(database), ...membershipStore() }
}

export type ExternalUserStore = ReturnType<typeof externalUserStore>

type SignInTimes = { readonly nowMs: number; readonly expiresAtMs: number }

function identityStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<Tables>()
  return {
    /** The user with an identity; undefined if the user was deleted. */
    identity: (source: Transaction | undefined, issuer: string, subject: string): Promise<UserRow | undefined> =>
      (source === undefined ? database.tables<Tables>() : within(source))
        .selectFrom('external_identity')
        .innerJoin('directory_user', 'directory_user.object_id', 'external_identity.object_id')
        .selectAll('directory_user')
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .executeTakeFirst(),
    identitiesOf: (objectId: string, transaction?: Transaction): Promise<ExternalIdentityRow[]> =>
      (transaction === undefined ? database.tables<Tables>() : within(transaction))
        .selectFrom('external_identity')
        .selectAll()
        .where('object_id', '=', objectId)
        .orderBy('issuer')
        .execute(),
    /** Replaces the row that a deleted user may have left. */
    putIdentity: async (transaction: Transaction, row: ExternalIdentityRow) => {
      const { issuer, subject } = row
      const left = within(transaction).deleteFrom('external_identity').where('issuer', '=', issuer)
      await left.where('subject', '=', subject).execute()
      await within(transaction).insertInto('external_identity').values(row).execute()
    },
    deleteIdentity: (transaction: Transaction, { issuer, subject }: ExternalIdentityRow) =>
      within(transaction)
        .deleteFrom('external_identity')
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .execute(),
    recordSignInTimes: (
      transaction: Transaction,
      key: Pick<ExternalIdentityRow, 'issuer' | 'subject'>,
      at: SignInTimes,
    ) =>
      within(transaction)
        .updateTable('external_identity')
        .set({ signed_in_at_ms: at.nowMs, stands_until_ms: at.expiresAtMs })
        .where('issuer', '=', key.issuer)
        .where('subject', '=', key.subject)
        .execute(),
  }
}

function expiryStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<Tables>()
  return {
    /** The issuers that have a sign-in that has not expired. */
    issuersInForce: async (nowMs: number): Promise<string[]> => {
      const found = database.tables<Tables>().selectFrom('external_identity').select('issuer').distinct()
      return (await found.where('stands_until_ms', '>', nowMs).execute()).map(({ issuer }) => issuer)
    },
    /** The users whose sign-in at the issuer has not expired. */
    peopleInForce: async (transaction: Transaction, issuer: string, nowMs: number): Promise<string[]> => {
      const found = within(transaction).selectFrom('external_identity').select('object_id')
      const rows = await found.where('issuer', '=', issuer).where('stands_until_ms', '>', nowMs).execute()
      return rows.map(({ object_id }) => object_id)
    },
    endIssuer: (transaction: Transaction, issuer: string, nowMs: number) =>
      within(transaction)
        .updateTable('external_identity')
        .set({ stands_until_ms: nowMs })
        .where('issuer', '=', issuer)
        .where('stands_until_ms', '>', nowMs)
        .execute(),
    /** Replaces the names of a user with the names from the provider. */
    updateNames: (
      transaction: Transaction,
      objectId: string,
      names: Pick<UserRow, 'display_name' | 'display_name_key' | 'mail'>,
    ) => within(transaction).updateTable('directory_user').set(names).where('object_id', '=', objectId).execute(),
    /** Identities with an expired sign-in whose user is still in a group of the issuer. */
    staleIdentities: (transaction: Transaction, nowMs: number, limit: number) =>
      within(transaction)
        .selectFrom('external_identity')
        .select(['external_identity.object_id', 'external_identity.issuer'])
        .distinct()
        .innerJoin('group_member', 'group_member.member_id', 'external_identity.object_id')
        .innerJoin('external_group', (join) =>
          join
            .onRef('external_group.group_id', '=', 'group_member.group_id')
            .onRef('external_group.issuer', '=', 'external_identity.issuer'),
        )
        .where('external_identity.stands_until_ms', '<=', nowMs)
        .limit(limit)
        .execute(),
    hasStaleIdentities: async (nowMs: number) =>
      (await database
        .tables<Tables>()
        .selectFrom('external_identity')
        .select('external_identity.object_id')
        .innerJoin('group_member', 'group_member.member_id', 'external_identity.object_id')
        .innerJoin('external_group', (join) =>
          join
            .onRef('external_group.group_id', '=', 'group_member.group_id')
            .onRef('external_group.issuer', '=', 'external_identity.issuer'),
        )
        .where('external_identity.stands_until_ms', '<=', nowMs)
        .limit(1)
        .executeTakeFirst()) !== undefined,
  }
}

function membershipStore() {
  const within = (transaction: Transaction) => transaction.tables<Tables>()

  /** The memberships of a user in the groups of an issuer. */
  function memberships(transaction: Transaction, objectId: string, issuer: string) {
    return within(transaction)
      .selectFrom('group_member')
      .innerJoin('external_group', 'external_group.group_id', 'group_member.group_id')
      .select('group_member.group_id')
      .where('group_member.member_id', '=', objectId)
      .where('external_group.issuer', '=', issuer)
      .execute()
  }

  return {
    memberships,
    deleteMemberships: (transaction: Transaction, objectId: string, issuer: string) =>
      within(transaction)
        .deleteFrom('group_member')
        .where('member_id', '=', objectId)
        .where('group_id', 'in', (on) =>
          on.selectFrom('external_group').select('group_id').where('issuer', '=', issuer),
        )
        .execute(),
    groupCount: async (transaction: Transaction, issuer: string) => {
      const counted = await within(transaction)
        .selectFrom('external_group')
        .select((on) => on.fn.countAll<number | string>().as('count'))
        .where('issuer', '=', issuer)
        .executeTakeFirstOrThrow()
      return Number(counted.count)
    },
    /** The groups that represent these values, except deleted groups. */
    groups: async (
      transaction: Transaction,
      issuer: string,
      values: readonly string[],
    ): Promise<ExternalGroupRow[]> => {
      const found: ExternalGroupRow[] = []
      for (let start = 0; start < values.length; start += batchSize) {
        const rows = await within(transaction)
          .selectFrom('external_group')
          .innerJoin('directory_group', 'directory_group.object_id', 'external_group.group_id')
          .selectAll('external_group')
          .where('issuer', '=', issuer)
          .where('value', 'in', values.slice(start, start + batchSize))
          .execute()
        found.push(...rows)
      }
      return found
    },
    insertGroup: async (transaction: Transaction, row: ExternalGroupRow, group: GroupRow) => {
      await within(transaction)
        .deleteFrom('external_group')
        .where('issuer', '=', row.issuer)
        .where('value', '=', row.value)
        .execute()
      await within(transaction).insertInto('directory_group').values(group).execute()
      await within(transaction).insertInto('external_group').values(row).execute()
    },
    insertMember: (transaction: Transaction, groupId: string, objectId: string) =>
      within(transaction)
        .insertInto('group_member')
        .values({ group_id: groupId, member_id: objectId, member_kind: 'user' })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    deleteMember: (transaction: Transaction, groupId: string, objectId: string) =>
      within(transaction)
        .deleteFrom('group_member')
        .where('group_id', '=', groupId)
        .where('member_id', '=', objectId)
        .execute(),
  }
}
