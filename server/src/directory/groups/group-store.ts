import type { ExpressionBuilder, Kysely, QueryCreator } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { type Condition, type Page, lastCharacter } from '../principals/list-page.ts'
import type { DirectoryTables, GroupMemberRow, GroupRow } from '../principals/rows.ts'

/** A page of the groups above or the members below an object, in the order of their ids. */
export type MembershipPage = {
  readonly objectId: string
  /** Whether groups within groups are followed. */
  readonly transitive: boolean
  readonly after: string
  readonly limit: number
}

/** The conditions of a list of groups. */
export type GroupCondition = Condition<'display-name' | 'display-name-prefix' | 'mail-nickname'>

/** A member: its id and its kind. */
export type MemberRow = Pick<GroupMemberRow, 'member_id' | 'member_kind'>

/** The SQL of groups. A union drops duplicates, so a recursive query ends even if groups contain each other. */
export function groupStore(database: Database) {
  const read = () => database.tables<DirectoryTables>()
  const within = (transaction: Transaction) => transaction.tables<DirectoryTables>()
  const groupIds = database.prepare<DirectoryTables, { objectId: string }, { readonly group_id: string }>(
    ['objectId'],
    (tables, p) => groupsAbove(tables, p.objectId).orderBy('group_id'),
  )
  return {
    groupIdsOf: (objectId: string) => groupIds.all({ objectId }),
    groupIdsInReachOf: async (objectId: string): Promise<string[]> =>
      (await groupsInReach(read(), objectId).execute()).map(({ group_id }) => group_id),
    groupIdsAbove: async (transaction: Transaction, objectId: string): Promise<string[]> =>
      (await groupsAbove(within(transaction), objectId).execute()).map(({ group_id }) => group_id),
    memberIdsBelow: async (transaction: Transaction, groupId: string): Promise<string[]> =>
      (await membersBelow(within(transaction), groupId).execute()).map(({ member_id }) => member_id),
    insertGroup: (transaction: Transaction, row: GroupRow) =>
      within(transaction).insertInto('directory_group').values(row).execute(),
    updateGroup: (
      transaction: Transaction,
      objectId: string,
      change: Partial<Pick<GroupRow, 'display_name' | 'display_name_key' | 'description'>>,
    ) => within(transaction).updateTable('directory_group').set(change).where('object_id', '=', objectId).execute(),
    deleteGroup: async (transaction: Transaction, objectId: string) => {
      await within(transaction).deleteFrom('group_member').where('group_id', '=', objectId).execute()
      await within(transaction).deleteFrom('group_owner').where('group_id', '=', objectId).execute()
      await within(transaction).deleteFrom('directory_group').where('object_id', '=', objectId).execute()
    },
    ...membershipStore(database),

    listGroups: ({ conditions, visibleTo, after, limit }: Page<GroupCondition>): Promise<GroupRow[]> => {
      let query = read().selectFrom('directory_group').selectAll().where('object_id', '>', after)
      if (visibleTo !== undefined) {
        const { objectId } = visibleTo
        const owned = read().selectFrom('group_owner').select('group_id').where('owner_id', '=', objectId)
        const own = groupsAbove(read(), objectId)
        query = query.where((on) => on.or([on('object_id', 'in', own), on('object_id', 'in', owned)]))
      }
      for (const condition of conditions) query = query.where((on) => groupMeets(on, condition))
      return query.orderBy('object_id').limit(limit).execute()
    },
    groupsByIds: async (objectIds: readonly string[]): Promise<GroupRow[]> => {
      if (objectIds.length === 0) return []
      const groups = read().selectFrom('directory_group').selectAll()
      return groups.where('object_id', 'in', [...objectIds]).execute()
    },
    listMembers: ({ objectId, transitive, after, limit }: MembershipPage): Promise<MemberRow[]> => {
      const of = transitive ? membersBelow(read(), objectId) : membersOf(read(), objectId)
      return read()
        .selectFrom(of.as('member'))
        .selectAll()
        .where('member_id', '>', after)
        .orderBy('member_id')
        .limit(limit)
        .execute()
    },
    listGroupsOf: ({ objectId, transitive, after, limit }: MembershipPage): Promise<GroupRow[]> => {
      const groups = read()
        .selectFrom('directory_group')
        .selectAll()
        .where('object_id', 'in', transitive ? groupsAbove(read(), objectId) : groupsOf(read(), objectId))
      return groups.where('object_id', '>', after).orderBy('object_id').limit(limit).execute()
    },
  }
}

export type GroupStore = ReturnType<typeof groupStore>

function membershipStore(database: Database) {
  const from = (source: Transaction | undefined) =>
    source?.tables<DirectoryTables>() ?? database.tables<DirectoryTables>()
  const within = (transaction: Transaction) => transaction.tables<DirectoryTables>()
  return {
    /** Returns false if it is a member already. */
    insertMember: async (transaction: Transaction, row: GroupMemberRow) => {
      const insert = within(transaction).insertInto('group_member').values(row)
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    deleteMember: async (transaction: Transaction, groupId: string, memberId: string) => {
      const members = within(transaction).deleteFrom('group_member').where('group_id', '=', groupId)
      return (await members.where('member_id', '=', memberId).executeTakeFirst()).numDeletedRows === 1n
    },
    /** Removes a principal from every group, as member and as owner. */
    deleteFromGroups: async (transaction: Transaction, objectId: string) => {
      await within(transaction).deleteFrom('group_member').where('member_id', '=', objectId).execute()
      await within(transaction).deleteFrom('group_owner').where('owner_id', '=', objectId).execute()
    },

    ownerIds: async (source: Transaction | undefined, groupId: string) =>
      (
        await from(source)
          .selectFrom('group_owner')
          .select('owner_id')
          .where('group_id', '=', groupId)
          .orderBy('owner_id')
          .execute()
      ).map(({ owner_id }) => owner_id),
    /** Returns false if it is an owner already. */
    insertOwner: async (transaction: Transaction, groupId: string, ownerId: string) => {
      const insert = within(transaction).insertInto('group_owner').values({ group_id: groupId, owner_id: ownerId })
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    deleteOwner: async (transaction: Transaction, groupId: string, ownerId: string) => {
      const owners = within(transaction).deleteFrom('group_owner').where('group_id', '=', groupId)
      return (await owners.where('owner_id', '=', ownerId).executeTakeFirst()).numDeletedRows === 1n
    },
  }
}

function groupMeets(on: ExpressionBuilder<DirectoryTables, 'directory_group'>, condition: GroupCondition) {
  switch (condition.by) {
    case 'display-name':
      return on('display_name_key', '=', condition.value)
    case 'display-name-prefix':
      return on.and([
        on('display_name_key', '>=', condition.value),
        on('display_name_key', '<', `${condition.value}${lastCharacter}`),
      ])
    case 'mail-nickname':
      return on('mail_nickname_key', '=', condition.value)
  }
}

/** The groups that contain an object, directly or through other groups. */
function groupsAbove(tables: QueryCreator<DirectoryTables>, objectId: string) {
  return tables
    .withRecursive('above', (on) =>
      on
        .selectFrom('group_member')
        .select('group_member.group_id')
        .where('group_member.member_id', '=', objectId)
        .union(
          on
            .selectFrom('group_member')
            .innerJoin('above', 'above.group_id', 'group_member.member_id')
            .select('group_member.group_id'),
        ),
    )
    .selectFrom('above')
    .select('group_id')
}

/** The groups that contain an object, and those that would contain it once it joins each group that it owns. */
function groupsInReach(tables: QueryCreator<DirectoryTables>, objectId: string) {
  return tables
    .withRecursive('reach', (on) =>
      on
        .selectFrom('group_owner')
        .select('group_owner.group_id')
        .where('group_owner.owner_id', '=', objectId)
        .union(groupsOf(on, objectId))
        .union(
          on
            .selectFrom('group_member')
            .innerJoin('reach', 'reach.group_id', 'group_member.member_id')
            .select('group_member.group_id'),
        ),
    )
    .selectFrom('reach')
    .select('group_id')
}

/** The members of a group and of the groups in it. */
function membersBelow(tables: Kysely<DirectoryTables>, groupId: string) {
  return tables
    .withRecursive('below', (on) =>
      on
        .selectFrom('group_member')
        .select(['group_member.member_id', 'group_member.member_kind'])
        .where('group_member.group_id', '=', groupId)
        .union(
          on
            .selectFrom('group_member')
            .innerJoin('below', 'below.member_id', 'group_member.group_id')
            .select(['group_member.member_id', 'group_member.member_kind']),
        ),
    )
    .selectFrom('below')
    .select(['member_id', 'member_kind'])
}

function membersOf(tables: Kysely<DirectoryTables>, groupId: string) {
  return tables.selectFrom('group_member').select(['member_id', 'member_kind']).where('group_id', '=', groupId)
}

function groupsOf(tables: QueryCreator<DirectoryTables>, memberId: string) {
  return tables.selectFrom('group_member').select('group_id').where('member_id', '=', memberId)
}
