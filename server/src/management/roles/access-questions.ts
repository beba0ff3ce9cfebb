import { roleAssignmentId, roleDefinitionId } from '../../standards/azure/resource-id.ts'
import {
  type ConsideredAssignment,
  type Explanation,
  type Principal,
  type RightInQuestion,
  everyRight,
} from '../../access/index.ts'
import type { Registry } from '../../resources/index.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import { parseRepositoryName } from '../../standards/oci/repository-name.ts'
import type { ManagementCall, ManagementOptions } from '../arm/context.ts'
import { changeDocument } from './decision-document.ts'
import { ArmError } from '../arm/errors.ts'
import { parameter } from '../arm/query.ts'
import { requireRegistry } from '../registries/registries.ts'

/**
 * `GET {registry}/accessExplanation?principal=…&action=…&repository=…`, which Azure does not have: may
 * somebody do something here, by which assignments, and what is the smallest change by which they might?
 */
export async function getExplanation(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const asked = readRight(call)
  const registry = await requireRegistry(rooms, call.names)
  const text = requireText(call, 'principal')
  const principal = await findPrincipal(rooms, registry, text)
  const explanation = await rooms.access.explain(principal, registry, asked)
  return { principal: text, ...askedDocument(registry, asked), ...explanationDocument(explanation, call) }
}

/** What is asked about, by `action` and `repository`. @throws ArmError 400 */
export function readRight(call: ManagementCall): RightInQuestion {
  const right = requireText(call, 'action')
  if (!everyRight.includes(right)) {
    throw new ArmError('badRequest', `The parameter 'action' is one of ${everyRight.join(', ')}.`)
  }
  const isOfRegistry = right === 'catalog' || right === 'deleted_catalog'
  const text = parameter(call.request.query, 'repository')
  if (isOfRegistry) {
    if (text === undefined) return { right, repository: undefined }
    throw new ArmError('badRequest', `'${right}' is asked for on no repository.`)
  }
  const repository = typeof text === 'string' ? parseRepositoryName(text) : undefined
  if (repository === undefined)
    throw new ArmError('badRequest', "The parameter 'repository' must be a repository name.")
  return { right, repository }
}

function requireText({ request }: ManagementCall, name: string): string {
  const text = parameter(request.query, name)
  if (typeof text === 'string' && text !== '' && text.length <= 128) return text
  throw new ArmError('badRequest', `The parameter '${name}' is required.`)
}

/** `anonymous`, `admin`, `token:NAME` for a scoped token, or the object id of somebody in the directory. */
async function findPrincipal(
  { access, directory }: ManagementOptions,
  registry: Registry,
  text: string,
): Promise<Principal> {
  const { rid } = registry
  if (text === 'anonymous') return { kind: 'anonymous' }
  if (text === 'admin') return { kind: 'admin', rid }
  if (text.startsWith('token:')) {
    const token = await access.scopedTokens.find(rid, text.slice('token:'.length))
    if (token !== undefined) return { kind: 'scoped-token', rid, tokenId: token.id }
  }
  const objectId = parseGuid(text)
  const found = objectId === undefined ? undefined : await directory.findPrincipal(objectId)
  if (found !== undefined) {
    return { kind: 'directory', objectId: found.objectId, groupIds: await directory.groupIdsOf(found.objectId) }
  }
  const message = `Principal ${text} does not exist. Name an object id of the directory, token:NAME, admin or anonymous.`
  throw new ArmError('principalNotFound', message)
}

/** What was asked about, for the answer. */
export function askedDocument({ roleAssignmentMode }: Registry, { right, repository }: RightInQuestion) {
  return { action: right, repository: repository ?? null, roleAssignmentMode }
}

function explanationDocument(explanation: Explanation, call: ManagementCall) {
  const { allowed, needs, assignments, scopeMap, firstFailure, smallestChange } = explanation
  return {
    allowed,
    needs: needs.map(({ kind, name }) => ({ kind: kind === 'action' ? 'Action' : 'DataAction', name })),
    assignments: assignments.map((one) => consideredDocument(one, call)),
    scopeMap: scopeMap === undefined ? null : { name: scopeMap.name, actions: scopeMap.actions },
    firstFailure: firstFailure ?? null,
    smallestChange: smallestChange === undefined ? null : changeDocument(smallestChange, call.names.subscriptionId),
  }
}

/** An assignment and what it says, for the answer. */
export function consideredDocument(considered: ConsideredAssignment, { names }: ManagementCall) {
  const { assignment, roleName, condition, verdict, byWildcard } = considered
  return {
    id: roleAssignmentId(assignment),
    principalId: assignment.principalId,
    principalType: assignment.principalType,
    scope: assignment.scope,
    roleDefinitionId: roleDefinitionId(names.subscriptionId, assignment.roleDefinitionName),
    roleName: roleName ?? null,
    condition,
    result: verdict,
    byWildcard,
  }
}
