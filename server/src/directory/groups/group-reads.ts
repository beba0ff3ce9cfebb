import type { Page } from '../principals/list-page.ts'
import type { PrincipalStore } from '../principals/principal-store.ts'
import { type GroupRecord, toGroupRecord } from '../principals/records.ts'
import type { GroupCondition, GroupStore, MembershipPage } from './group-store.ts'
import type { createGroups } from './groups.ts'

/** Finds and lists groups, their members and their owners. */
export function createGroupReads({ store }: { readonly store: GroupStore & PrincipalStore }) {
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
    /** The object ids of the groups that contain the principal, directly or through other groups. The result is not cached. */
    idsOf: async (objectId: string): Promise<string[]> =>
      (await store.groupIdsOf(objectId)).map(({ group_id }) => group_id),
    /** The groups that contain a principal. */
    listOf: async (page: MembershipPage): Promise<GroupRecord[]> => (await store.listGroupsOf(page)).map(toGroupRecord),
    /** The object ids of the members of a group. */
    listMemberIds: async (page: MembershipPage): Promise<string[]> =>
      (await store.listMembers(page)).map(({ member_id }) => member_id),
  }
}

/** The groups of the directory. Each function that changes groups throws `DirectoryError` if the change is denied. */
export type Groups = ReturnType<typeof createGroups> & ReturnType<typeof createGroupReads>
