import { isName, nameKey } from '../../standards/azure/object-name.ts'
import type { GroupCondition, MembershipPage } from '../groups/group-store.ts'
import type { createGroups } from '../groups/groups.ts'
import type { Page, UserCondition } from '../list-store.ts'
import type { createPeople } from './people.ts'
import { type GroupRecord, type UserRecord, toGroupRecord, toUserRecord } from '../records.ts'
import type { DirectoryStore } from '../store.ts'

/** Finds and lists people. */
export function createPeopleReads({ store }: { readonly store: DirectoryStore }) {
  return {
    find: async (objectId: string): Promise<UserRecord | undefined> => {
      const row = await store.userById(objectId)
      return row && toUserRecord(row)
    },
    /** By the name in any case. */
    findByName: async (userPrincipalName: string): Promise<UserRecord | undefined> => {
      const row = isName(userPrincipalName) ? await store.userByName(nameKey(userPrincipalName)) : undefined
      return row && toUserRecord(row)
    },
    named: async (objectIds: readonly string[]): Promise<UserRecord[]> =>
      (await store.usersByIds(objectIds)).map(toUserRecord),
    list: async (page: Page<UserCondition>): Promise<UserRecord[]> => (await store.listUsers(page)).map(toUserRecord),
  }
}

/** Finds and lists groups, who is in them and who owns them. */
export function createGroupReads({ store }: { readonly store: DirectoryStore }) {
  return {
    find: async (objectId: string): Promise<GroupRecord | undefined> => {
      const row = await store.groupById(objectId)
      return row && toGroupRecord(row)
    },
    named: async (objectIds: readonly string[]): Promise<GroupRecord[]> =>
      (await store.groupsByIds(objectIds)).map(toGroupRecord),
    list: async (page: Page<GroupCondition>): Promise<GroupRecord[]> =>
      (await store.listGroups(page)).map(toGroupRecord),
    ownerIds: (objectId: string): Promise<string[]> => store.ownerIds(undefined, objectId),
    /** Object ids of the groups that somebody is in, whichever way; read anew. */
    idsOf: async (objectId: string): Promise<string[]> =>
      (await store.groupIdsOf(objectId)).map(({ group_id }) => group_id),
    /** The groups that an object is in. */
    listOf: async (page: MembershipPage): Promise<GroupRecord[]> => (await store.listGroupsOf(page)).map(toGroupRecord),
    /** The object ids of who is in a group. */
    listMemberIds: async (page: MembershipPage): Promise<string[]> =>
      (await store.listMembers(page)).map(({ member_id }) => member_id),
  }
}

/** The people of the directory. Each change throws `DirectoryError` for what may not be. */
export type People = ReturnType<typeof createPeople> & ReturnType<typeof createPeopleReads>

/** The groups of the directory. Each change throws `DirectoryError` for what may not be. */
export type Groups = ReturnType<typeof createGroups> & ReturnType<typeof createGroupReads>
