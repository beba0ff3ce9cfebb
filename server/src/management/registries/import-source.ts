import { failedBefore } from '../../authorization/index.ts'
import type { ImportFrom } from '../../imports/index.ts'
import type { Registry } from '../../resources/index.ts'
import { covers } from '@acrux/shared/standards/oauth/access-scope.ts'
import { type LoginServer, parseLoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { parseResourceId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { authorOf } from '../arm/authorship.ts'
import type { ManagementCall, ManagementCaller } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { badImport, isOpenToImports, requireOpenToImports } from './import-errors.ts'
import type { ExplainSource } from './import-permission.ts'

type Context = Pick<RegistriesContext, 'access' | 'resources'>

/** The source of an import, and the decision about it, which is repeated while the import waits and runs. */
export type DecidedSource = { readonly from: ImportFrom; readonly explainDenial: ExplainSource }

type Target = { readonly target: Registry; readonly repository: RepositoryName }

/** The source as a request names it. */
export type NamedSource = Target & {
  readonly resourceId?: string | undefined
  readonly registryUri?: string | undefined
  readonly credentials?: { readonly username?: string | undefined; readonly password: string } | undefined
}

/** The user name of a password without a user name, which is a token. [acr-protocol §1.9] */
const refreshTokenUser = '00000000-0000-0000-0000-000000000000'

/** Finds the source of an import and decides whether the caller may import from it. @throws ArmError */
export async function decideSource(
  context: Pick<RegistriesContext, 'access' | 'resources' | 'tokenService'>,
  call: ManagementCall,
  { target, repository, resourceId, registryUri, credentials }: NamedSource,
): Promise<DecidedSource> {
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
  if (source === undefined) return { from: fromElsewhere(host, repository, account), explainDenial: nothing }
  if (account === undefined) return fromHere(context, call, { target, source, repository, named: host })
  const sent = { ...account, remoteAddress: call.origin.remoteAddress }
  const mayPull = await context.tokenService.verifyPullPassword(source, sent, repository)
  if (mayPull !== undefined) return fromOpen(context, { target, source, repository }, mayPull)
  throw new ArmError('importFailed', `${host} does not allow the caller to pull ${repository}.`)
}

/** The other registry decides. */
const nothing: ExplainSource = () => Promise.resolve(undefined)

/** @throws ArmError 400 */
function requireHost(registryUri: string): LoginServer {
  const host = parseLoginServer(registryUri.replace(/^https:\/\//i, '').replace(/\/$/, ''))
  if (host === undefined) throw badImport('registryUri is not the host of a registry')
  return host
}

type Account = { readonly username: string; readonly password: string }

/** @throws ArmError 400 */
function readAccount({ username = refreshTokenUser, password }: NonNullable<NamedSource['credentials']>): Account {
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

async function findByResourceId({ resources }: Context, text: string): Promise<Registry | undefined> {
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
  context: Context,
  { caller }: ManagementCall,
  { target, source, repository, named }: Here,
): Promise<DecidedSource> {
  const callerMayPull: MayPull = async (registry, { rights }) => {
    const requested = [{ type: 'repository', name: repository, actions: ['pull'] }]
    const allowed = await context.access.allowedAccess(rights, registry, requested)
    return covers(allowed, 'repository', repository, ['pull'])
  }
  if (source === undefined || !(await callerMayPull(source, caller))) {
    const { objectId } = caller.principal
    const { name } = authorOf(caller)
    const may = `has permission to perform action 'Microsoft.ContainerRegistry/registries/importImage/action' on scope '${target.id}'`
    const message = `The client '${name}' with object id '${objectId}' ${may}; however, it does not have permission to pull '${repository}' on the linked scope(s) '${named}' or the linked scope(s) are invalid.`
    // Readers of this registry's decisions must not see the assignments on another registry.
    const asked = { action: 'pull', repository, scope: null }
    const decision = { ...failedBefore('source-is-not-allowed', { kind: 'allow-pull-from-source' }), asked }
    throw new ArmError('linkedAuthorization', message, { decision })
  }
  return fromOpen(context, { target, source, repository }, callerMayPull)
}

/** Whether a principal, the caller or the owner of a password, may pull the repository from the registry now. */
type MayPull = (registry: Registry, caller: ManagementCaller) => Promise<boolean>

/** The source is a registry of this server, from which a pull is permitted. @throws ArmError if it does not allow exports */
function fromOpen(
  { resources }: Context,
  { target, source, repository }: Target & { readonly source: Registry },
  mayPull: MayPull,
): DecidedSource {
  const { rid, loginServer, name } = source
  const allowsExport = ({ policies }: Registry) => rid === target.rid || policies.exportPolicy.status === 'enabled'
  if (!allowsExport(source)) {
    throw new ArmError('policyConflict', `The registry ${name} does not allow its images to be exported.`)
  }
  requireOpenToImports(source)
  const explainDenial: ExplainSource = async (caller) => {
    const now = await resources.findRegistryByRid(rid)
    if (now === undefined) return 'the source was deleted'
    if (!(await mayPull(now, caller))) return `the caller may no longer pull ${repository} from the source`
    if (!allowsExport(now)) return `the registry ${name} no longer allows its images to be exported`
    return isOpenToImports(now) ? undefined : `the network rules of the registry ${name} deny imports now`
  }
  return { from: { kind: 'local', rid, host: loginServer, repository }, explainDenial }
}
