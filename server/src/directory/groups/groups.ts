import { nameKey } from '../../standards/azure/object-name.ts'
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { OnPrincipalDeleted } from '../model.ts'
import { AuthorityMemory, andThen } from '../../platform/memory/authority-memory.ts'
import { DirectoryError, alreadyReferenced, resourceNotFound } from '../errors.ts'
import { kindOf, requireOwnerToBe } from '../owners.ts'
import { type GroupRecord, toGroupRecord } from '../records.ts'
import type { DirectoryStore } from '../store.ts'
import type { GroupRow } from '../people/people-rows.ts'

/** A group to be. */
export type NewGroup = {
  readonly displayName: string
  readonly description?: string | null | undefined
  readonly mailNickname: string
}

/** What may be changed of a group; what is absent stays as it is. */
export type GroupChange = {
  readonly displayName?: string | undefined
  readonly description?: string | null | undefined
}

export type GroupsOptions = {
  readonly store: DirectoryStore
  readonly clock: Clock
  readonly onPrincipalDeleted: OnPrincipalDeleted
}

/** For how many principals it is remembered which groups they are in. */
const memoryLimit = 20_000

/** The changes of groups. Each throws `DirectoryError` for what may not be. */
export function createGroups({ store, clock, onPrincipalDeleted }: GroupsOptions) {
  async function requireGroup(transaction: Transaction, objectId: string): Promise<GroupRow> {
    const row = await store.group(transaction, objectId)
    if (row === undefined) throw resourceNotFound(objectId)
    return row
  }

  async function createGroup(transaction: Transaction, group: NewGroup): Promise<GroupRecord> {
    const row: GroupRow = {
      object_id: randomUUID(),
      display_name: group.displayName,
      display_name_key: nameKey(group.displayName),
      description: group.description ?? null,
      mail_nickname: group.mailNickname,
      mail_nickname_key: nameKey(group.mailNickname),
      created_at_ms: clock.now(),
    }
    await store.insertGroup(transaction, row)
    return toGroupRecord(row)
  }

  async function updateGroup(transaction: Transaction, objectId: string, change: GroupChange): Promise<void> {
    await requireGroup(transaction, objectId)
    const { displayName, description } = change
    const set = {
      ...(displayName === undefined ? {} : { display_name: displayName, display_name_key: nameKey(displayName) }),
      ...(description === undefined ? {} : { description }),
    }
    if (Object.keys(set).length > 0) await store.updateGroup(transaction, objectId, set)
  }

  /** Deletes a group, what it was given elsewhere, and its place in other groups. */
  async function deleteGroup(transaction: Transaction, objectId: string): Promise<GroupRecord> {
    transaction.changesAuthority()
    const row = await requireGroup(transaction, objectId)
    await onPrincipalDeleted(transaction, objectId)
    await store.deleteFromGroups(transaction, objectId)
    await store.deleteGroup(transaction, objectId)
    return toGroupRecord(row)
  }

  /** Groups may be in each other; only in itself a group is not. */
  async function addMember(transaction: Transaction, groupId: string, memberId: string): Promise<void> {
    // Which groups somebody is in is remembered, those that are missing too.
    transaction.changesAuthority()
    await requireGroup(transaction, groupId)
    const kind = await kindOf(store, transaction, memberId)
    if (memberId === groupId) throw new DirectoryError('invalid', 'A group cannot be a member of itself.')
    const row = { group_id: groupId, member_id: memberId, member_kind: kind }
    if (!(await store.insertMember(transaction, row))) throw alreadyReferenced('members')
  }

  async function removeMember(transaction: Transaction, groupId: string, memberId: string): Promise<void> {
    transaction.changesAuthority()
    await requireGroup(transaction, groupId)
    if (!(await store.deleteMember(transaction, groupId, memberId))) throw resourceNotFound(memberId)
  }

  async function addOwner(transaction: Transaction, groupId: string, ownerId: string): Promise<void> {
    await requireGroup(transaction, groupId)
    await requireOwnerToBe(store, transaction, ownerId, 'a group')
    if (!(await store.insertOwner(transaction, groupId, ownerId))) throw alreadyReferenced('owners')
  }

  async function removeOwner(transaction: Transaction, groupId: string, ownerId: string): Promise<void> {
    transaction.changesAuthority()
    await requireGroup(transaction, groupId)
    if (!(await store.deleteOwner(transaction, groupId, ownerId))) throw resourceNotFound(ownerId)
  }

  return { createGroup, updateGroup, deleteGroup, addMember, removeMember, addOwner, removeOwner }
}

/** Which groups a principal is in, whichever way. Hot: remembered as long as the authority revision stands. */
export function createGroupIds(database: Database, clock: Clock, store: DirectoryStore) {
  const memory = new AuthorityMemory<readonly string[]>(memoryLimit)
  return (objectId: string): readonly string[] | Promise<readonly string[]> =>
    andThen(database.authorityRevision(), (revision) => {
      const remembered = memory.recall(revision, objectId, clock.now())
      if (remembered !== undefined) return remembered
      return andThen(store.groupIdsOf(objectId), (rows) => {
        const ids = rows.map(({ group_id }) => group_id)
        memory.keep(revision, objectId, ids, Number.POSITIVE_INFINITY)
        return ids
      })
    })
}
