import { attributionOf } from '../../audit/index.ts'
import { z } from 'zod'
import { failedBefore } from '../../access/index.ts'
import { ImportError, type ImportFrom, type ImportStatus } from '../../imports/index.ts'
import type { Registry } from '../../resources/index.ts'
import { covers } from '../../standards/oauth/access-scope.ts'
import { parseLoginServer } from '../../standards/azure/login-server.ts'
import { isRestricted } from '../../standards/azure/network-rules.ts'
import { type Reference, type Tag, parseReference } from '../../standards/oci/reference.ts'
import { parseResourceId } from '../../standards/azure/resource-id.ts'
import { type RepositoryName, parseRepositoryName } from '../../standards/oci/repository-name.ts'
import { oneOf, optional, readBody } from '../arm/body.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { authorOf } from '../arm/authorship.ts'
import { ArmError } from '../arm/errors.ts'
import { parameter } from '../arm/query.ts'
import { requireRegistry } from './registries.ts'

/** How many tags, and how many repositories without a tag, one import may name. */
const targetLimit = 100

const importSchema = z.object({
  source: z.object({
    resourceId: optional(z.string().max(2048)),
    registryUri: optional(z.string().max(512)),
    sourceImage: z.string().max(1024),
    credentials: optional(
      z.object({ username: optional(z.string().max(512)), password: z.string().min(1).max(65_536) }),
    ),
  }),
  targetTags: optional(z.array(z.string().max(1024)).max(targetLimit)),
  untaggedTargetRepositories: optional(z.array(z.string().max(1024)).max(targetLimit)),
  mode: optional(oneOf(['NoForce', 'Force'])),
})

type ImportBody = z.output<typeof importSchema>

/** The user name of a password without a user name, which is a refresh token. [acr-protocol §1.9] */
const refreshTokenUser = '00000000-0000-0000-0000-000000000000'

/**
 * `POST …/registries/{r}/importImage`: imports an image from a registry of this server that the caller may pull from, or from
 * another server. Invalid requests are rejected at once; later errors are in the status at `Location`. [arm-facts §12]
 */
export async function importImage(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const body = readBody(call, importImage)
  const image = readImage(body.source.sourceImage)
  const targets = readTargets(body)
  const registry = await requireRegistry(context, call.names)
  requireOpenToImports(registry)
  const from = await readSource(context, call, registry, body.source, image.repository)
  const { caller, origin, names, reply } = call
  const { objectId } = caller.principal
  const id = await context.imports
    .start({
      from,
      reference: image.reference,
      into: {
        registry,
        caller: {
          key: `directory:${objectId}`,
          ...attributionOf(caller),
          deletionsSeen: await context.registry.deletions(),
          mayPull: () => Promise.resolve(false),
        },
        origin,
      },
      targets,
      force: body.mode === 'Force',
      requester: requesterOf(call),
    })
    .catch((error: unknown) => {
      throw error instanceof ImportError ? importFailure(error.reason, error.message) : error
    })
  const location = `${context.publicOrigin}/subscriptions/${names.subscriptionId}/providers/Microsoft.ContainerRegistry/locations/${registry.location.toUpperCase()}/operationResults/registries-${id}`
  return accepted(reply, `${location}?api-version=${encodeURIComponent(apiVersion(call))}`)
}
importImage.body = importSchema

/** `GET …/operationResults/{id}`: how an import goes, for the one who began it; for everybody else there is none. */
export async function getImportResult(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { names, request, reply } = call
  const id = /^registries-([0-9a-f-]{36})$/.exec(names.name.toLowerCase())?.[1]
  const status = id === undefined ? undefined : await context.imports.find(id, requesterOf(call))
  if (status === undefined) throw new ArmError('operationNotFound', `The resource ${names.name} could not be found.`)
  if (status.state === 'running') return accepted(reply, `${context.publicOrigin}${request.url}`)
  return finished(reply, status)
}

function finished(reply: ManagementCall['reply'], status: ImportStatus): unknown {
  if (status.state === 'failed') throw importFailure(status.reason, status.message)
  return reply.code(200).send()
}

/** Without this header clients poll every 30 seconds. [az-cli-wire §4.2] */
function accepted(reply: ManagementCall['reply'], location: string): unknown {
  return reply
    .code(202)
    .headers({ location, 'retry-after': '1', 'content-type': 'application/json; charset=utf-8' })
    .send('null')
}

function apiVersion({ request }: ManagementCall): string {
  return String(parameter(request.query, 'api-version'))
}

function requesterOf({ names, caller }: ManagementCall): string {
  return `${names.subscriptionId}/${caller.principal.objectId}`
}

function importFailure(reason: string, message: string): ArmError {
  const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
  if (reason === 'conflict') return new ArmError('importConflict', text)
  if (reason === 'limit' && message.startsWith('too many images')) return new ArmError('importBusy', text)
  return new ArmError(reason === 'stopped' ? 'importStopped' : 'importFailed', text)
}

type Image = { readonly repository: RepositoryName; readonly reference: Reference }

/** `repository`, `repository:tag` or `repository@digest`; a tag that is not said is `latest`. */
function readImage(text: string): Image {
  const at = text.indexOf('@')
  const colon = text.indexOf(':')
  const end = at !== -1 ? at : colon !== -1 ? colon : text.length
  const repository = parseRepositoryName(text.slice(0, end))
  const reference = parseReference(end === text.length ? 'latest' : text.slice(end + 1))
  const isWhole = (reference?.kind === 'digest') === (at !== -1)
  if (repository !== undefined && reference !== undefined && isWhole) return { repository, reference }
  throw badImport(`'${text}' is no image: REPOSITORY:TAG or REPOSITORY@DIGEST is needed`)
}

/** The tags by repository, without duplicates. */
function readTargets({ targetTags = [], untaggedTargetRepositories = [] }: ImportBody): Map<RepositoryName, Tag[]> {
  const targets = new Map<RepositoryName, Tag[]>()
  for (const text of targetTags) {
    const { repository, reference } = readImage(text)
    if (reference.kind !== 'tag') throw badImport(`'${text}' is no tag`)
    const tags = targets.get(repository) ?? []
    targets.set(repository, tags.includes(reference.tag) ? tags : [...tags, reference.tag])
  }
  for (const text of untaggedTargetRepositories) {
    const repository = parseRepositoryName(text)
    if (repository === undefined) throw badImport(`'${text}' is no name of a repository`)
    if (!targets.has(repository)) targets.set(repository, [])
  }
  if (targets.size === 0) throw badImport('targetTags or untaggedTargetRepositories have to name where the image goes')
  return targets
}

async function readSource(
  context: ManagementContext,
  call: ManagementCall,
  target: Registry,
  { resourceId, registryUri, credentials }: ImportBody['source'],
  repository: RepositoryName,
): Promise<ImportFrom> {
  if ((resourceId === undefined) === (registryUri === undefined)) {
    throw badImport('either resourceId or registryUri has to name the source')
  }
  if (resourceId !== undefined) {
    const source = await findByResourceId(context, resourceId)
    return fromHere(context, call, { target, source, repository, named: resourceId })
  }
  const host = parseLoginServer((registryUri ?? '').replace(/^https:\/\//i, '').replace(/\/$/, ''))
  if (host === undefined) throw badImport('registryUri is not the host of a registry')
  const { username = refreshTokenUser, password } = credentials ?? {}
  if (username.includes(':')) throw badImport('a user name cannot have a colon')
  const own = await context.resources.findRegistryByHost(host)
  if (own !== undefined && password !== undefined) {
    const mayPull = await context.tokenService.passwordMayPull(own, { username, password }, repository)
    if (!mayPull) throw new ArmError('importFailed', `${host} does not let the caller pull ${repository}.`)
    return fromOpen(target, own, repository)
  }
  if (own !== undefined) return fromHere(context, call, { target, source: own, repository, named: host })
  const isHub = host === 'docker.io' && !repository.includes('/')
  return {
    kind: 'remote',
    host,
    repository: isHub ? (`library/${repository}` as RepositoryName) : repository,
    credentials: password === undefined ? undefined : { username, password },
  }
}

async function findByResourceId({ resources }: ManagementContext, text: string): Promise<Registry | undefined> {
  const id = parseResourceId(text)
  const type = `${id?.provider}/${id?.type}`.toLowerCase()
  if (id?.resourceGroup === undefined || id.name === undefined || id.children.length > 0) return undefined
  if (type !== 'microsoft.containerregistry/registries') return undefined
  return resources.findRegistry(id.subscriptionId, id.resourceGroup, id.name)
}

type Here = {
  readonly target: Registry
  readonly source: Registry | undefined
  readonly repository: RepositoryName
  /** The source as the caller named it. */
  readonly named: string
}

/** A source that does not exist and one that the caller may not pull from are denied in the same words. [Azure/acr#237] */
async function fromHere(
  { access }: ManagementContext,
  { caller }: ManagementCall,
  { target, source, repository, named }: Here,
): Promise<ImportFrom> {
  const asked = [{ type: 'repository', name: repository, actions: ['pull'] }]
  const allowed = source === undefined ? [] : await access.allowedAccess(caller.rights, source, asked)
  if (source === undefined || !covers(allowed, 'repository', repository, ['pull'])) {
    const { objectId } = caller.principal
    const { name } = authorOf(caller)
    const may = `has permission to perform action 'Microsoft.ContainerRegistry/registries/importImage/action' on scope '${target.id}'`
    const message = `The client '${name}' with object id '${objectId}' ${may}; however, it does not have permission to pull '${repository}' on the linked scope(s) '${named}' or the linked scope(s) are invalid.`
    // Readers of this registry's decisions must not see the assignments on another registry.
    const asked = { action: 'pull', repository, scope: null }
    const decision = { ...failedBefore('source-is-not-allowed', { kind: 'allow-pull-from-source' }), asked }
    throw new ArmError('linkedAuthorization', message, { decision })
  }
  return fromOpen(target, source, repository)
}

/** From a registry here that the caller may pull from, if it lets its images out. */
function fromOpen(target: Registry, source: Registry, repository: RepositoryName): ImportFrom {
  if (source.rid !== target.rid && source.policies.exportPolicy.status === 'disabled') {
    throw new ArmError('policyConflict', `The registry ${source.name} does not let its images be exported.`)
  }
  requireOpenToImports(source)
  return { kind: 'local', rid: source.rid, repository }
}

/**
 * An import reaches registries as one of the trusted services, which may come past network rules where
 * `networkRuleBypassOptions` says so. [ACR, allow-access-trusted-services; the code: MicrosoftDocs/azure-docs#115975]
 */
function requireOpenToImports(registry: Registry): void {
  if (registry.networkRuleBypassOptions === 'AzureServices' || !isRestricted(registry)) return
  const message = `The network rules of the registry ${registry.name} let no import in: it is not allowed access while networkRuleBypassOptions is None.`
  throw new ArmError('importFailed', message)
}

function badImport(why: string): ArmError {
  return new ArmError('invalidContent', `The request content was invalid: ${why}.`)
}
