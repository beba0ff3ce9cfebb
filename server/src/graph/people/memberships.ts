import { insufficientPrivileges } from '../surface/errors.ts'
import { readBody, referenceBody } from '../surface/body.ts'
import {
  type GraphContext,
  type GraphCall,
  type GraphHandler,
  change,
  requirePathId,
  requireVisible,
  requireOtherId,
} from '../surface/context.ts'
import { groupDocument } from '../surface/documents.ts'
import { requireVisibleGroup } from './groups.ts'
import { filterableNothing } from '../surface/filter.ts'
import { idPage } from '../surface/page.ts'
import { checkMemberGroupsBody, memberGroupsBody } from './bodies.ts'
import { parseListQuery, refuseQueryOptions } from '../surface/query.ts'
import { requireMe, requireVisibleUser } from './users.ts'
import { objectDocuments } from '../surface/object-documents.ts'

/** How an object whose groups are asked for is found, and seen by the caller or not. */
type FindObject = (context: GraphContext, call: GraphCall) => Promise<string>

const inPath = {
  users: async (context, call) => (await requireVisibleUser(context, call)).objectId,
  groups: async (context, call) => (await requireVisibleGroup(context, call)).objectId,
  servicePrincipals: requireVisiblePrincipal,
  directoryObjects: requireVisibleObject,
  me: async (context, call) => (await requireMe(context, call)).objectId,
} satisfies Record<string, FindObject>

/** The collections whose objects may be in groups. */
export type MemberCollection = keyof typeof inPath

/** `GET …/memberOf` and `GET …/transitiveMemberOf` */
export function listGroupsOf(
  collection: MemberCollection,
  { transitive }: { readonly transitive: boolean },
): GraphHandler {
  return async (context, call) => {
    const query = parseListQuery(filterableNothing, call.request.query)
    const objectId = await inPath[collection](context, call)
    const { after, pageSize } = query
    const rows = await context.directory.groups.listOf({ objectId, transitive, after, limit: pageSize + 1 })
    const path = collection === 'me' ? 'me' : `${collection}/${objectId}`
    const list = `${path}/${transitive ? 'transitiveMemberOf' : 'memberOf'}`
    return idPage(
      context,
      list,
      query,
      rows,
      ({ objectId }) => objectId,
      (shown) => shown.map(groupDocument),
    )
  }
}

/** `POST …/getMemberGroups`: the ids of all groups, whichever way. */
export function getMemberGroups(collection: MemberCollection): GraphHandler {
  return async (context, call) => {
    readBody(memberGroupsBody, call.request.body)
    const objectId = await inPath[collection](context, call)
    return { value: await context.directory.groups.idsOf(objectId) }
  }
}

/** `POST …/checkMemberGroups`: of the groups asked about, those that the object is in. */
export function checkMemberGroups(collection: MemberCollection): GraphHandler {
  return async (context, call) => {
    const { groupIds } = readBody(checkMemberGroupsBody, call.request.body)
    const objectId = await inPath[collection](context, call)
    const groups = new Set(await context.directory.groups.idsOf(objectId))
    return { value: [...new Set<string>(groupIds)].filter((id) => groups.has(id)) }
  }
}

/** `GET /groups/{id}/members` and `GET /groups/{id}/transitiveMembers`: for who reads all, and for the group's owners. */
export function listMembers({ transitive }: { readonly transitive: boolean }): GraphHandler {
  return async (context, call) => {
    const query = parseListQuery(filterableNothing, call.request.query)
    const objectId = await requireGroupToRead(context, call)
    const { after, pageSize } = query
    const rows = await context.directory.groups.listMemberIds({ objectId, transitive, after, limit: pageSize + 1 })
    const list = `groups/${objectId}/${transitive ? 'transitiveMembers' : 'members'}`
    return idPage(
      context,
      list,
      query,
      rows,
      (id) => id,
      (shown) => objectDocuments(context, shown),
    )
  }
}

/** `POST /groups/{id}/members/$ref` */
export const addMember: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  const { '@odata.id': memberId } = readBody(referenceBody, call.request.body)
  await change(
    context,
    call,
    (transaction) => context.directory.groups.addMember(transaction, id, memberId),
    () => ({ action: 'group.add-member', target: `groups/${id}`, detail: { memberId } }),
  )
  return call.reply.code(204).send()
}

/** `DELETE /groups/{id}/members/{member}/$ref` */
export const removeMember: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  const memberId = requireOtherId(call, 'member')
  await change(
    context,
    call,
    (transaction) => context.directory.groups.removeMember(transaction, id, memberId),
    () => ({ action: 'group.remove-member', target: `groups/${id}`, detail: { memberId } }),
  )
  return call.reply.code(204).send()
}

/** `GET /groups/{id}/owners` */
export const listOwners: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  const id = await requireGroupToRead(context, call)
  return { value: await objectDocuments(context, await context.directory.groups.ownerIds(id)) }
}

/** `POST /groups/{id}/owners/$ref` */
export const addOwner: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  const { '@odata.id': ownerId } = readBody(referenceBody, call.request.body)
  await change(
    context,
    call,
    (transaction) => context.directory.groups.addOwner(transaction, id, ownerId),
    () => ({ action: 'group.add-owner', target: `groups/${id}`, detail: { ownerId } }),
  )
  return call.reply.code(204).send()
}

/** `DELETE /groups/{id}/owners/{owner}/$ref` */
export const removeOwner: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  const ownerId = requireOtherId(call, 'owner')
  await change(
    context,
    call,
    (transaction) => context.directory.groups.removeOwner(transaction, id, ownerId),
    () => ({ action: 'group.remove-owner', target: `groups/${id}`, detail: { ownerId } }),
  )
  return call.reply.code(204).send()
}

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
