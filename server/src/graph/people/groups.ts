import type { GroupRecord } from '../../directory/index.ts'
import { insufficientPrivileges, resourceNotFound } from '../protocol/errors.ts'
import { type GraphContext, type GraphCall, type GraphCaller, change, requirePathId } from '../protocol/context.ts'
import { type groupPageSchema, type groupSchema, groupDocument } from '../protocol/documents.ts'
import { filterableGroups } from '../protocol/filter.ts'
import { visiblePage } from '../protocol/page.ts'
import type { groupChangeBody, newGroupBody } from './bodies.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import type { GraphHandler } from '../protocol/route.ts'

/** `GET /groups`: all, or only the groups of the caller if the caller does not see everything. */
export const listGroups: GraphHandler<typeof groupPageSchema> = (context, call) =>
  visiblePage(context, call, {
    path: 'groups',
    filterable: filterableGroups,
    list: (page) => context.directory.groups.list(page),
    render: async (shown) => shown.map(groupDocument),
  })

/** `POST /groups` */
export const createGroup: GraphHandler<typeof groupSchema, typeof newGroupBody> = async (context, call) => {
  const { displayName, description, mailNickname } = call.readBody()
  const row = await change(
    context,
    call,
    (transaction) => context.directory.groups.createGroup(transaction, { displayName, description, mailNickname }),
    ({ objectId }) => ({ action: 'group.create', target: `groups/${objectId}`, detail: { displayName } }),
  )
  call.reply.code(201)
  return groupDocument(row)
}

/** `GET /groups/{id}` */
export const getGroup: GraphHandler<typeof groupSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  return groupDocument(await requireVisibleGroup(context, call))
}

/** `PATCH /groups/{id}` */
export const updateGroup: GraphHandler<'none', typeof groupChangeBody> = async (context, call) => {
  const id = requirePathId(call)
  const body = call.readBody()
  await change(
    context,
    call,
    (transaction) => context.directory.groups.updateGroup(transaction, id, body),
    () => ({ action: 'group.update', target: `groups/${id}`, detail: { properties: Object.keys(body) } }),
  )
}

/** `DELETE /groups/{id}` */
export const deleteGroup: GraphHandler<'none'> = async (context, call) => {
  const id = requirePathId(call)
  await change(
    context,
    call,
    (transaction) => context.directory.groups.deleteGroup(transaction, id),
    ({ displayName }) => ({ action: 'group.delete', target: `groups/${id}`, detail: { displayName } }),
  )
}

/** The group in the path. @throws GraphError unless the caller sees everything, is a member or is an owner */
export async function requireVisibleGroup(context: GraphContext, call: GraphCall): Promise<GroupRecord> {
  const id = requirePathId(call)
  const row = await context.directory.groups.find(id)
  if (row !== undefined && (call.caller.readsAll || (await isOwnGroup(context, call.caller, id)))) return row
  throw call.caller.readsAll ? resourceNotFound(id) : insufficientPrivileges()
}

/** Whether the caller is a member of a group, directly or through other groups, or owns it. */
export async function isOwnGroup(
  { directory }: GraphContext,
  { principal }: GraphCaller,
  groupId: string,
): Promise<boolean> {
  const owners = await directory.groups.ownerIds(groupId)
  if (owners.includes(principal.objectId)) return true
  return (await directory.groups.idsOf(principal.objectId)).includes(groupId)
}
