import { everyRight } from '@acrux/shared/standards/azure/registry-rights.ts'
import {
  type RightInQuestion,
  type AccessExplanation,
  type AllowedPrincipalPage,
  type Decision,
  type ModeChangeList,
  accessExplanationResponse,
  allowedPrincipalsResponse,
  decisionResponse,
  modeChangesResponse,
} from '../../authorization/index.ts'
import type { Registry } from '../../resources/index.ts'
import { isWithinScope } from '@acrux/shared/standards/azure/resource-id.ts'
import { parseRepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RolesContext } from './context.ts'
import { ArmError, childNotFound } from '../arm/errors.ts'
import { maxPageSize, nextLink, readPageSize, readSkipToken, skipToken } from '../arm/page.ts'
import { parameter } from '../arm/query.ts'
import { requireSubscription } from '../arm/subscriptions.ts'
import { requireRegistry } from '../registries/registries.ts'

type Context = Pick<RolesContext, 'decisions' | 'publicOrigin' | 'resources'>

/** How many principals a page of mode changes has without `$top`. */
const defaultPageSize = 100

/**
 * `GET {registry}/decisions/{correlation id}`, which Azure does not have: why a request to this registry was denied, or got
 * a smaller token than requested.
 *
 * @throws ArmError 404 if the registry denied nothing under this id, even if another registry did
 */
export async function getDecision(context: Context, call: ManagementCall): Promise<Decision> {
  const registry = await requireRegistry(context, call.names)
  const { name } = call.names
  const found = await context.decisions.find(registry, name)
  if (found === undefined) throw childNotFound(name)
  return found
}
getDecision.response = decisionResponse

/**
 * `GET /subscriptions/{s}/providers/Acrux.Server/decisions/{correlation id}`: the same for a request to any registry, to ARM
 * or to Graph.
 *
 * @throws ArmError 404 if nothing was denied under this id
 */
export async function getAnyDecision(context: Context, call: ManagementCall): Promise<Decision> {
  await requireSubscription(context, call)
  const { name } = call.names
  const found = await context.decisions.findAnywhere(name, registryOf(context))
  if (found === undefined) throw childNotFound(name)
  return found
}
getAnyDecision.response = decisionResponse

/**
 * `GET /providers/Acrux.Server/denials/{correlation id}`: the same for a request of the user who asks, for which no role is needed.
 *
 * @throws ArmError 404 if nothing was denied to the user under this id, and for all others than users
 */
export async function getOwnDenial(context: Context, call: ManagementCall): Promise<Decision> {
  const { name } = call.names
  const { kind, objectId } = call.caller.principal
  if (kind !== 'user') throw childNotFound(name)
  const request = { objectId, correlationId: name }
  const found = await call.budget.oneAtATime('denials', () =>
    context.decisions.findOwn(request, registryOf(context), (work) => call.budget.inTurn(work)),
  )
  if (found === undefined) throw childNotFound(name)
  return found
}
getOwnDenial.response = decisionResponse

/** The registry at a scope, or above it. */
function registryOf({ resources }: Context) {
  return async (scope: string): Promise<Registry | undefined> => {
    const subscriptionId = /^\/subscriptions\/([^/]+)/i.exec(scope)?.[1]
    const registries = subscriptionId === undefined ? [] : await resources.listRegistries(subscriptionId)
    return registries.find(({ id }) => isWithinScope(scope, id))
  }
}

/**
 * `GET {registry}/accessExplanation?principal=…&action=…&repository=…`, which Azure does not have: whether a principal may
 * do something here, by which assignments, and the smallest change that would allow it.
 */
export async function getExplanation(context: Context, call: ManagementCall): Promise<AccessExplanation> {
  const requested = readRight(call)
  const registry = await requireRegistry(context, call.names)
  const text = requireText(call, 'principal')
  const explanation = await context.decisions.explain(registry, text, requested)
  if (explanation !== undefined) return explanation
  const message = `Principal ${text} does not exist. Name an object id of the directory, token:NAME, admin or anonymous.`
  throw new ArmError('principalNotFound', message)
}
getExplanation.response = accessExplanationResponse

/**
 * `GET {registry}/allowedPrincipals?action=…&repository=…`, which Azure does not have: who may do something here. Users,
 * groups and service principals by their assignments, then scoped tokens by their scope maps, in pages; and whether the
 * registry itself allows it.
 */
export async function getAllowedPrincipals(context: Context, call: ManagementCall): Promise<AllowedPrincipalPage> {
  const { request } = call
  const requested = readRight(call)
  const page = { size: readPageSize(request, maxPageSize), after: readSkipToken(request) }
  const registry = await requireRegistry(context, call.names)
  const { document, next } = await context.decisions.listAllowed(registry, requested, page)
  if (next === undefined) return document
  return { ...document, nextLink: nextLink(context.publicOrigin, request, skipToken(next)) }
}
getAllowedPrincipals.response = allowedPrincipalsResponse

/**
 * `GET {registry}/providers/Acrux.Server/modeChanges?mode=…`, which Azure does not have: who gains and loses what if the registry
 * switches to a mode, in pages.
 */
export async function listModeChanges(context: Context, call: ManagementCall): Promise<ModeChangeList> {
  const { request } = call
  const mode = parameter(request.query, 'mode')
  if (mode !== 'LegacyRegistryPermissions' && mode !== 'AbacRepositoryPermissions') {
    const modes = 'LegacyRegistryPermissions or AbacRepositoryPermissions'
    throw new ArmError('badRequest', `The parameter 'mode' is ${modes}.`)
  }
  const page = { size: readPageSize(request, defaultPageSize), after: readSkipToken(request) }
  const registry = await requireRegistry(context, call.names)
  const { document, next } = await call.budget.inTurn(() => context.decisions.listModeChanges(registry, mode, page))
  if (next === undefined) return document
  return { ...document, nextLink: nextLink(context.publicOrigin, request, skipToken(next)) }
}
listModeChanges.response = modeChangesResponse

/** Reads `action` and `repository` of the query. @throws ArmError 400 */
function readRight(call: ManagementCall): RightInQuestion {
  const right = requireText(call, 'action')
  if (!everyRight.includes(right)) {
    throw new ArmError('badRequest', `The parameter 'action' is one of ${everyRight.join(', ')}.`)
  }
  const isOfRegistry = right === 'catalog' || right === 'deleted_catalog'
  const text = parameter(call.request.query, 'repository')
  if (isOfRegistry) {
    if (text === undefined) return { right, repository: undefined }
    throw new ArmError('badRequest', `'${right}' applies to the registry, not to a repository.`)
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
