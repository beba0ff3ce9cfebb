import { insufficientPrivileges } from '../protocol/errors.ts'
import { z } from 'zod'
import type { GroupRecord } from '../../directory/index.ts'
import type { referenceBody } from '../protocol/body.ts'
import {
  type GraphContext,
  type GraphCall,
  change,
  requireMayBecome,
  requirePathId,
  requireVisible,
  requireOtherId,
} from '../protocol/context.ts'
import {
  type directoryObjectPageSchema,
  type directoryObjectsSchema,
  type groupPageSchema,
  groupDocument,
} from '../protocol/documents.ts'
import { requireVisibleGroup } from './groups.ts'
import { filterableNothing } from '../protocol/filter.ts'
import { page } from '../protocol/page.ts'
import type { checkMemberGroupsBody, memberGroupsBody } from './bodies.ts'
import { parseListQuery, rejectQueryOptions } from '../protocol/query.ts'
import { listSchema } from '../protocol/response.ts'
import type { GraphHandler } from '../protocol/route.ts'
import { requireMe, requireVisibleUser } from './visible-users.ts'
import { objectDocuments } from '../protocol/object-documents.ts'

/** The object ids of groups. */
export const groupIdsSchema = listSchema('groupIds', z.guid())

/** Returns the id of the object in the path. @throws GraphError if the caller may not see it */
type FindObject = (context: GraphContext, call: GraphCall) => Promise<string>

const inPath = {
  users: async (context, call) => (await requireVisibleUser(context, call)).objectId,
  groups: async (context, call) => (await requireVisibleGroup(context, call)).objectId,
  servicePrincipals: requireVisiblePrincipal,
  directoryObjects: requireVisibleObject,
  me: async (context, call) => (await requireMe(context, call)).objectId,
} satisfies Record<string, FindObject>

/** The collections whose objects can be members of groups. */
export type MemberCollection = keyof typeof inPath

/** `GET …/memberOf` and `GET …/transitiveMemberOf` */
export function listGroupsOf(
  collection: MemberCollection,
  { transitive }: { readonly transitive: boolean },
): GraphHandler<typeof groupPageSchema> {
  return async (context, call) => {
    const query = parseListQuery(filterableNothing, call.request.query)
    const objectId = await inPath[collection](context, call)
    const { after, pageSize } = query
    const rows = await context.directory.groups.listOf({ objectId, transitive, after, limit: pageSize + 1 })
    const path = collection === 'me' ? 'me' : `${collection}/${objectId}`
    const render = async (shown: readonly GroupRecord[]) => shown.map(groupDocument)
    return page(context, { path: `${path}/${transitive ? 'transitiveMemberOf' : 'memberOf'}`, query, rows, render })
  }
}

/** `POST …/getMemberGroups`: the ids of all groups of the object, direct and indirect. */
export function getMemberGroups(
  collection: MemberCollection,
): GraphHandler<typeof groupIdsSchema, typeof memberGroupsBody> {
  return async (context, call) => {
    call.readBody()
    const objectId = await inPath[collection](context, call)
    return { value: await context.directory.groups.idsOf(objectId) }
  }
}

/** `POST …/checkMemberGroups`: those of the named groups that the object is a member of. */
export function checkMemberGroups(
  collection: MemberCollection,
): GraphHandler<typeof groupIdsSchema, typeof checkMemberGroupsBody> {
  return async (context, call) => {
    const { groupIds } = call.readBody()
    const objectId = await inPath[collection](context, call)
    const groups = new Set(await context.directory.groups.idsOf(objectId))
    return { value: [...new Set<string>(groupIds)].filter((id) => groups.has(id)) }
  }
}

/** `GET /groups/{id}/members` and `GET /groups/{id}/transitiveMembers` */
export function listMembers({
  transitive,
}: {
  readonly transitive: boolean
}): GraphHandler<typeof directoryObjectPageSchema> {
  return async (context, call) => {
    const query = parseListQuery(filterableNothing, call.request.query)
    const objectId = await requireGroupToRead(context, call)
    const { after, pageSize } = query
    const ids = await context.directory.groups.listMemberIds({ objectId, transitive, after, limit: pageSize + 1 })
    const rows = ids.map((id) => ({ objectId: id }))
    const render = (shown: readonly { readonly objectId: string }[]) =>
      objectDocuments(
        context,
        shown.map((row) => row.objectId),
      )
    return page(context, {
      path: `groups/${objectId}/${transitive ? 'transitiveMembers' : 'members'}`,
      query,
      rows,
      render,
    })
  }
}

/** `POST /groups/{id}/members/$ref` */
export const addMember: GraphHandler<'none', typeof referenceBody> = async (context, call) => {
  const id = requirePathId(call)
  const { '@odata.id': memberId } = call.readBody()
  await requireMayBecome(context, call, id)
  await change(
    context,
    call,
    (transaction) => context.directory.groups.addMember(transaction, id, memberId),
    () => ({ action: 'group.add-member', target: `groups/${id}`, detail: { memberId } }),
  )
}

/** `DELETE /groups/{id}/members/{member}/$ref` */
export const removeMember: GraphHandler<'none'> = async (context, call) => {
  const id = requirePathId(call)
  const memberId = requireOtherId(call, 'member')
  await change(
    context,
    call,
    (transaction) => context.directory.groups.removeMember(transaction, id, memberId),
    () => ({ action: 'group.remove-member', target: `groups/${id}`, detail: { memberId } }),
  )
}

/** `GET /groups/{id}/owners` */
export const listOwners: GraphHandler<typeof directoryObjectsSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const id = await requireGroupToRead(context, call)
  return { value: await objectDocuments(context, await context.directory.groups.ownerIds(id)) }
}

/** `POST /groups/{id}/owners/$ref` */
export const addOwner: GraphHandler<'none', typeof referenceBody> = async (context, call) => {
  const id = requirePathId(call)
  const { '@odata.id': ownerId } = call.readBody()
  await change(
    context,
    call,
    (transaction) => context.directory.groups.addOwner(transaction, id, ownerId),
    () => ({ action: 'group.add-owner', target: `groups/${id}`, detail: { ownerId } }),
  )
}

/** `DELETE /groups/{id}/owners/{owner}/$ref` */
export const removeOwner: GraphHandler<'none'> = async (context, call) => {
  const id = requirePathId(call)
  const ownerId = requireOtherId(call, 'owner')
  await change(
    context,
    call,
    (transaction) => context.directory.groups.removeOwner(transaction, id, ownerId),
    () => ({ action: 'group.remove-owner', target: `groups/${id}`, detail: { ownerId } }),
  )
}

/** Members and owners are shown to callers that see everything and to the owners of the group. */
async function requireGroupToRead(context: GraphContext, call: GraphCall): Promise<string> {
  const { objectId: id } = await requireVisibleGroup(context, call)
  if (call.caller.readsAll) return id
  if ((await context.directory.groups.ownerIds(id)).includes(call.caller.principal.objectId)) return id
  throw insufficientPrivileges()
}

async function requireVisiblePrincipal(context: GraphContext, call: GraphCall): Promise<string> {
  const id = requirePathId(call)
  return (await requireVisible(context, call.caller, id, await context.directory.applications.findServicePrincipal(id)))
    .objectId
}

async function requireVisibleObject(context: GraphContext, call: GraphCall): Promise<string> {
  const id = requirePathId(call)
  if ((await context.directory.applications.findServicePrincipal(id)) !== undefined)
    return requireVisiblePrincipal(context, call)
  if ((await context.directory.groups.find(id)) !== undefined)
    return (await requireVisibleGroup(context, call)).objectId
  return (await requireVisibleUser(context, call)).objectId
}
