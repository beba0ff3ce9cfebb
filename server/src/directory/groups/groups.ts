import { randomUUID } from 'node:crypto'
import { RevisionCache } from '../../platform/memory/revision-cache.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import { DirectoryError, alreadyReferenced, resourceNotFound } from '../principals/errors.ts'
import type { OnPrincipalDeleted } from '../principals/model.ts'
import { kindOf, requireOwnerToBe } from '../principals/owners.ts'
import type { PrincipalStore } from '../principals/principal-store.ts'
import { type GroupRecord, toGroupRecord } from '../principals/records.ts'
import type { GroupRow } from '../principals/rows.ts'
import type { GroupStore } from './group-store.ts'

/** A group to create. */
export type NewGroup = {
  readonly displayName: string
  readonly description?: string | null | undefined
  readonly mailNickname: string
}

/** The properties of a group to change. */
export type GroupChange = {
  readonly displayName?: string | undefined
  readonly description?: string | null | undefined
}

export type GroupsOptions = {
  readonly store: GroupStore & PrincipalStore
  readonly clock: Clock
  readonly onPrincipalDeleted: OnPrincipalDeleted
}

/**
 * The maximum number of principals whose groups are cached, for one authority revision. The cache saves a recursive query for each
 * decision: 2.3 µs of processor time instead of 16 µs with SQLite.
 */
const maxCachedPrincipals = 20_000

/** The functions that change groups. Each throws `DirectoryError` if the change is denied. */
export function createGroups({ store, clock, onPrincipalDeleted }: GroupsOptions) {
  async function requireGroup(transaction: Transaction, objectId: string): Promise<GroupRow> {
    const row = await store.group(transaction, objectId)
    if (row === undefined) throw resourceNotFound(objectId)
    return row
  }

  async function createGroup(
    transaction: Transaction,
    group: NewGroup,
    objectId: string = randomUUID(),
  ): Promise<GroupRecord> {
    const row: GroupRow = {
      object_id: objectId,
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

  /** Deletes a group with its memberships and everything that belongs to it in other modules. */
  async function deleteGroup(transaction: Transaction, objectId: string): Promise<GroupRecord> {
    transaction.changesAuthority()
    const row = await requireGroup(transaction, objectId)
    await onPrincipalDeleted(transaction, { kind: 'group', objectId })
    await store.deleteGroup(transaction, objectId)
    return toGroupRecord(row)
  }

  /** A group may contain other groups, but not itself. */
  async function addMember(transaction: Transaction, groupId: string, memberId: string): Promise<void> {
    // The cache of a principal's groups must contain the new group.
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

/**
 * The groups that contain a principal, directly or through other groups. This function must be fast: results are cached for one authority
 * revision.
 */
export function createGroupIds(database: Database, clock: Clock, store: GroupStore) {
  const cache = new RevisionCache<readonly string[]>(maxCachedPrincipals)
  return async (objectId: string): Promise<readonly string[]> => {
    const revision = await database.authorityRevision()
    const cached = cache.get(revision, objectId, clock.now())
    if (cached !== undefined) return cached
    const ids = (await store.groupIdsOf(objectId)).map(({ group_id }) => group_id)
    cache.set(revision, objectId, ids, Number.POSITIVE_INFINITY)
    return ids
  }
}
