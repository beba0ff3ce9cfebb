import { attributionOf } from '../../audit/index.ts'
import { z } from 'zod'
import { failedBefore } from '../../access/index.ts'
import { ImportError, type ImportFrom } from '../../imports/index.ts'
import type { Registry } from '../../resources/index.ts'
import { covers } from '../../standards/oauth/access-scope.ts'
import { type LoginServer, parseLoginServer } from '../../standards/azure/login-server.ts'
import { isRestricted } from '../../standards/azure/network-rules.ts'
import { type Reference, type Tag, parseReference } from '../../standards/oci/reference.ts'
import { parseResourceId } from '../../standards/azure/resource-id.ts'
import { type RepositoryName, parseRepositoryName } from '../../standards/oci/repository-name.ts'
import { oneOf, optional, readBody } from '../arm/body.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { authorOf } from '../arm/authorship.ts'
import { ArmError } from '../arm/errors.ts'
import { parameter } from '../arm/query.ts'
import { acceptedResponse, operationResultResponse } from '../arm/response.ts'
import { requireRegistry } from './registries.ts'

/** The maximum number of tags, and of repositories without a tag, in one import. */
const maxTargets = 100

const importSchema = z.object({
  source: z.object({
    resourceId: optional(z.string().max(2048)),
    registryUri: optional(z.string().max(512)),
    sourceImage: z.string().max(1024),
    credentials: optional(
      z.object({ username: optional(z.string().max(512)), password: z.string().min(1).max(65_536) }),
    ),
  }),
  targetTags: optional(z.array(z.string().max(1024)).max(maxTargets)),
  untaggedTargetRepositories: optional(z.array(z.string().max(1024)).max(maxTargets)),
  mode: optional(oneOf(['NoForce', 'Force'])),
})

type ImportBody = z.output<typeof importSchema>

/** The user name of a password without a user name, which is a refresh token. [acr-protocol §1.9] */
const refreshTokenUser = '00000000-0000-0000-0000-000000000000'

/**
 * `POST …/registries/{r}/importImage`: imports an image from a registry of this server that the caller may pull from, or from
 * another server. Invalid requests are rejected at once; later errors are in the status at `Location`. [arm-facts §12]
 */
export async function importImage(context: ManagementContext, call: ManagementCall): Promise<null> {
  const body = readBody(call, importImage)
  const image = readImage(body.source.sourceImage)
  const targets = readTargets(body)
  const registry = await requireRegistry(context, call.names)
  requireOpenToImports(registry)
  const from = await readSource(context, call, { target: registry, repository: image.repository, ...body.source })
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
importImage.response = acceptedResponse

/** `GET …/operationResults/{id}`: the status of an import, for the caller who started it; for others it does not exist. */
export async function getImportResult(context: ManagementContext, call: ManagementCall): Promise<null | undefined> {
  const { names, request, reply } = call
  const id = /^registries-([0-9a-f-]{36})$/.exec(names.name.toLowerCase())?.[1]
  const status = id === undefined ? undefined : await context.imports.find(id, requesterOf(call))
  if (status === undefined) throw new ArmError('operationNotFound', `The resource ${names.name} could not be found.`)
  if (status.state === 'running') return accepted(reply, `${context.publicOrigin}${request.url}`)
  if (status.state === 'failed') throw importFailure(status.reason, status.message)
  return undefined
}
getImportResult.response = operationResultResponse

/** Without this header clients poll every 30 seconds. [az-cli-wire §4.2] */
function accepted(reply: ManagementCall['reply'], location: string): null {
  reply.code(202).headers({ location, 'retry-after': '1' })
  return null
}

function apiVersion({ request }: ManagementCall): string {
  return String(parameter(request.query, 'api-version'))
}

function requesterOf({ names, caller }: ManagementCall): string {
  return `${names.subscriptionId}/${caller.principal.objectId}`
}

function importFailure(reason: string, message: string): ArmError {
  const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
  switch (reason) {
    case 'conflict':
      return new ArmError('importConflict', text)
    case 'busy':
      return new ArmError('importBusy', text)
    case 'stopped':
      return new ArmError('importStopped', text)
    default:
      return new ArmError('importFailed', text)
  }
}

type Image = { readonly repository: RepositoryName; readonly reference: Reference }

/** Reads `repository`, `repository:tag` or `repository@digest`; the default tag is `latest`. */
function readImage(text: string): Image {
  const at = text.indexOf('@')
  const colon = text.indexOf(':')
  const end = at !== -1 ? at : colon !== -1 ? colon : text.length
  const repository = parseRepositoryName(text.slice(0, end))
  const reference = parseReference(end === text.length ? 'latest' : text.slice(end + 1))
  const isWhole = (reference?.kind === 'digest') === (at !== -1)
  if (repository !== undefined && reference !== undefined && isWhole) return { repository, reference }
  throw badImport(`'${text}' is not an image in the form REPOSITORY:TAG or REPOSITORY@DIGEST`)
}

/** The tags by repository, without duplicates. */
function readTargets({ targetTags = [], untaggedTargetRepositories = [] }: ImportBody): Map<RepositoryName, Tag[]> {
  const targets = new Map<RepositoryName, Tag[]>()
  for (const text of targetTags) {
    const { repository, reference } = readImage(text)
    if (reference.kind !== 'tag') throw badImport(`'${text}' is not a tag`)
    const tags = targets.get(repository) ?? []
    targets.set(repository, tags.includes(reference.tag) ? tags : [...tags, reference.tag])
  }
  for (const text of untaggedTargetRepositories) {
    const repository = parseRepositoryName(text)
    if (repository === undefined) throw badImport(`'${text}' is not a repository name`)
    if (!targets.has(repository)) targets.set(repository, [])
  }
  if (targets.size === 0) throw badImport('targetTags or untaggedTargetRepositories must name the target of the image')
  return targets
}

type Target = { readonly target: Registry; readonly repository: RepositoryName }

async function readSource(
  context: ManagementContext,
  call: ManagementCall,
  { target, repository, resourceId, registryUri, credentials }: Target & ImportBody['source'],
): Promise<ImportFrom> {
  if ((resourceId === undefined) === (registryUri === undefined)) {
    throw badImport('either resourceId or registryUri must name the source')
  }
  if (resourceId !== undefined) {
    const source = await findByResourceId(context, resourceId)
    return fromHere(context, call, { target, source, repository, named: resourceId })
  }
  const host = requireHost(registryUri ?? '')
  const account = credentials && readAccount(credentials)
  const source = await context.resources.findRegistryByHost(host)
  if (source === undefined) return fromElsewhere(host, repository, account)
  if (account === undefined) return fromHere(context, call, { target, source, repository, named: host })
  if (
    await context.tokenService.passwordMayPull(
      source,
      { ...account, remoteAddress: call.origin.remoteAddress },
      repository,
    )
  ) {
    return fromOpen(target, source, repository)
  }
  throw new ArmError('importFailed', `${host} does not allow the caller to pull ${repository}.`)
}

/** @throws ArmError 400 */
function requireHost(registryUri: string): LoginServer {
  const host = parseLoginServer(registryUri.replace(/^https:\/\//i, '').replace(/\/$/, ''))
  if (host === undefined) throw badImport('registryUri is not the host of a registry')
  return host
}

type Account = { readonly username: string; readonly password: string }

/** @throws ArmError 400 */
function readAccount({
  username = refreshTokenUser,
  password,
}: NonNullable<ImportBody['source']['credentials']>): Account {
  if (username.includes(':')) throw badImport('a user name cannot have a colon')
  return { username, password }
}

/** Docker Hub has its own images in `library`. */
function fromElsewhere(host: LoginServer, repository: RepositoryName, credentials: Account | undefined): ImportFrom {
  const isOfHub = host === 'docker.io' && !repository.includes('/')
  return {
    kind: 'remote',
    host,
    repository: isOfHub ? (`library/${repository}` as RepositoryName) : repository,
    credentials,
  }
}

async function findByResourceId({ resources }: ManagementContext, text: string): Promise<Registry | undefined> {
  const id = parseResourceId(text)
  const type = `${id?.provider}/${id?.type}`.toLowerCase()
  if (id?.resourceGroup === undefined || id.name === undefined || id.children.length > 0) return undefined
  if (type !== 'microsoft.containerregistry/registries') return undefined
  return resources.findRegistry(id.subscriptionId, id.resourceGroup, id.name)
}

type Here = Target & {
  readonly source: Registry | undefined
  /** The source as the caller named it. */
  readonly named: string
}

/** A source that does not exist and one that the caller may not pull from are denied in the same words. [Azure/acr#237] */
async function fromHere(
  { access }: ManagementContext,
  { caller }: ManagementCall,
  { target, source, repository, named }: Here,
): Promise<ImportFrom> {
  const requested = [{ type: 'repository', name: repository, actions: ['pull'] }]
  const allowed = source === undefined ? [] : await access.allowedAccess(caller.rights, source, requested)
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

/** The source is a registry of this server that the caller may pull from. @throws ArmError if it does not allow exports */
function fromOpen(target: Registry, source: Registry, repository: RepositoryName): ImportFrom {
  if (source.rid !== target.rid && source.policies.exportPolicy.status === 'disabled') {
    throw new ArmError('policyConflict', `The registry ${source.name} does not allow its images to be exported.`)
  }
  requireOpenToImports(source)
  return { kind: 'local', rid: source.rid, repository }
}

/**
 * An import accesses registries as one of the trusted services, which may bypass network rules if
 * `networkRuleBypassOptions` allows it. [ACR, allow-access-trusted-services; the code: MicrosoftDocs/azure-docs#115975]
 */
function requireOpenToImports(registry: Registry): void {
  if (registry.networkRuleBypassOptions === 'AzureServices' || !isRestricted(registry)) return
  const message = `The network rules of the registry ${registry.name} deny imports while networkRuleBypassOptions is None.`
  throw new ArmError('importFailed', message)
}

function badImport(why: string): ArmError {
  return new ArmError('invalidContent', `The request content was invalid: ${why}.`)
}
