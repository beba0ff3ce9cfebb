import { isName, nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import type { Page } from '../principals/list-page.ts'
import type { PrincipalStore } from '../principals/principal-store.ts'
import { type UserRecord, toUserRecord } from '../principals/records.ts'
import type { PeopleStore, UserCondition } from './people-store.ts'
import type { createPeople } from './people.ts'

/** Finds and lists users. */
export function createPeopleReads({ store }: { readonly store: PeopleStore & PrincipalStore }) {
  return {
    find: async (objectId: string): Promise<UserRecord | undefined> => {
      const row = await store.userById(objectId)
      return row && toUserRecord(row)
    },
    /** Finds a user by the name, in upper or lower case. */
    findByName: async (userPrincipalName: string): Promise<UserRecord | undefined> => {
      const row = isName(userPrincipalName) ? await store.userByName(nameKey(userPrincipalName)) : undefined
      return row && toUserRecord(row)
    },
    named: async (objectIds: readonly string[]): Promise<UserRecord[]> =>
      (await store.usersByIds(objectIds)).map(toUserRecord),
    list: async (page: Page<UserCondition>): Promise<UserRecord[]> => (await store.listUsers(page)).map(toUserRecord),
  }
}

/** The users of the directory. Each function that changes users throws `DirectoryError` if the change is denied. */
export type People = ReturnType<typeof createPeople> & ReturnType<typeof createPeopleReads>
