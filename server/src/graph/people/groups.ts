import { resourceNotFound } from '../surface/errors.ts'
import type { GroupRecord } from '../../directory/index.ts'
import { insufficientPrivileges } from '../surface/errors.ts'
import { readBody } from '../surface/body.ts'
import {
  type GraphContext,
  type GraphCall,
  type GraphCaller,
  type GraphHandler,
  change,
  requirePathId,
  visibleTo,
} from '../surface/context.ts'
import { groupDocument } from '../surface/documents.ts'
import { filterableGroups } from '../surface/filter.ts'
import { listPage } from '../surface/page.ts'
import { groupChangeBody, newGroupBody } from './bodies.ts'
import { parseListQuery, refuseQueryOptions } from '../surface/query.ts'

/** `GET /groups`: who does not read all sees the groups that they are in, or own. */
export const listGroups: GraphHandler = async (context, { request, caller }) => {
  const query = parseListQuery(filterableGroups, request.query)
  const { conditions, after, pageSize } = query
  const page = { conditions, visibleTo: visibleTo(caller), after, limit: pageSize + 1 }
  const rows = await context.directory.groups.list(page)
  return listPage(context, caller, 'groups', query, rows, (shown) => shown.map(groupDocument))
}

/** `POST /groups` */
export const createGroup: GraphHandler = async (context, call) => {
  const { displayName, description, mailNickname } = readBody(newGroupBody, call.request.body)
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
export const getGroup: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  return groupDocument(await requireVisibleGroup(context, call))
}

/** `PATCH /groups/{id}` */
export const updateGroup: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  const body = readBody(groupChangeBody, call.request.body)
  await change(
    context,
    call,
    (transaction) => context.directory.groups.updateGroup(transaction, id, body),
    () => ({ action: 'group.update', target: `groups/${id}`, detail: { properties: Object.keys(body) } }),
  )
  return call.reply.code(204).send()
}

/** `DELETE /groups/{id}` */
export const deleteGroup: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  await change(
    context,
    call,
    (transaction) => context.directory.groups.deleteGroup(transaction, id),
    ({ displayName }) => ({ action: 'group.delete', target: `groups/${id}`, detail: { displayName } }),
  )
  return call.reply.code(204).send()
}

/** The group in the path, if the caller may see it: all for who reads all, for others those that they are in or own. */
export async function requireVisibleGroup(context: GraphContext, call: GraphCall): Promise<GroupRecord> {
  const id = requirePathId(call)
  const row = await context.directory.groups.find(id)
  if (row !== undefined && (call.caller.readsAll || (await isOwnGroup(context, call.caller, id)))) return row
  throw call.caller.readsAll ? resourceNotFound(id) : insufficientPrivileges()
}

/** Whether the caller is in a group, whichever way, or owns it. */
export async function isOwnGroup(
  { directory }: GraphContext,
  { principal }: GraphCaller,
  groupId: string,
): Promise<boolean> {
  const owners = await directory.groups.ownerIds(groupId)
  if (owners.includes(principal.objectId)) return true
  return (await directory.groups.idsOf(principal.objectId)).includes(groupId)
}
