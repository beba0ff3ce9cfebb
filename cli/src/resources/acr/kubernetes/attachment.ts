import { roleFor } from '@acrux/shared/permissions/granted-action.ts'
import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { askArm, listArm } from '../../../clients/arm/arm.ts'
import { type RegistryFlags, registryFlags } from '../../../clients/arm/named-registry.ts'
import { graph, listGraph } from '../../../clients/graph/graph.ts'
import type { Account } from '../../../clients/session/account.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { WrongUsageError, failure } from '../../../framework/command/failure.ts'
import { dryRunFlag, yesFlag } from '../../../framework/options/flags.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { requireApplication } from '../../ad/objects.ts'
import { identityVersion } from '../../identity/identity.ts'
import { requirePrincipal } from '../../role/principals.ts'
import { type PermissionRegistry, openPermissions } from '../permission/permission-registry.ts'

/** What is attached to a registry: an identity, and the service account that gets its tokens. */
export type AttachmentFlags = RegistryFlags & {
  readonly identity?: string
  readonly app?: string
  readonly serviceAccount?: string
  readonly issuer?: string
  readonly dryRun?: true
  readonly yes?: true
}

/** Describes {@link AttachmentFlags}. */
export const attachmentFlags: readonly FlagDescription[] = [
  ...registryFlags,
  {
    flags: '--identity <identity>',
    description: 'the name, resource id, client id or object id of a managed identity',
  },
  { flags: '--app <id>', description: 'the client id, object id or identifier URI of an application' },
  {
    flags: '--service-account <namespace/name>',
    description: 'the Kubernetes service account whose tokens the identity or the application trusts',
  },
  {
    flags: '--issuer <url>',
    description:
      'with --service-account: the issuer of the cluster: kubectl get --raw /.well-known/openid-configuration',
  },
  dryRunFlag,
  yesFlag,
]

/** The identity that pulls. */
export type Puller = {
  readonly objectId: string
  readonly clientId: string | undefined
  /** The path of the federated credentials. Undefined if the kind of the identity is unknown. */
  readonly federation: Federation | undefined
}

type Federation =
  { readonly kind: 'managed-identity'; readonly id: string } | { readonly kind: 'application'; readonly path: string }

/** A service account of a cluster, as an issuer of tokens names it. */
export type ServiceAccount = { readonly issuer: string; readonly subject: string; readonly name: string }

/** A registry, and the role that allows pulls in its mode. */
export type AttachedRegistry = PermissionRegistry & { readonly role: string }

/** The registry in the flags. @throws CommandFailure if the registry does not exist */
export async function requireAttachedRegistry(
  context: CommandContext,
  flags: RegistryFlags,
): Promise<AttachedRegistry> {
  const registry = await openPermissions(context, flags)
  return { ...registry, role: roleFor('pull', registry.isPerRepository) }
}

/** The service account in the flags; undefined without a service account. @throws WrongUsageError */
export function serviceAccountOf({ serviceAccount, issuer }: AttachmentFlags): ServiceAccount | undefined {
  if (serviceAccount === undefined) {
    if (issuer !== undefined) throw new WrongUsageError('--issuer needs --service-account')
    return undefined
  }
  const [namespace = '', name = '', ...more] = serviceAccount.split('/')
  if (namespace === '' || name === '' || more.length > 0)
    throw new WrongUsageError('--service-account must be NAMESPACE/NAME')
  if (issuer === undefined || URL.parse(issuer)?.protocol !== 'https:')
    throw new WrongUsageError(
      '--service-account needs the --issuer of the cluster, which begins with https://',
      'kubectl get --raw /.well-known/openid-configuration shows the issuer',
    )
  return {
    issuer,
    subject: `system:serviceaccount:${namespace}:${name}`,
    name: `kubernetes-${namespace}-${name}`.replaceAll(/[^\w-]/g, '-').slice(0, 120),
  }
}

/** The identity in the flags. @throws CommandFailure if the identity does not exist */
export async function requirePuller(
  context: CommandContext,
  account: Account,
  { identity, app }: AttachmentFlags,
): Promise<Puller> {
  if ((identity === undefined) === (app === undefined))
    throw new WrongUsageError('select the identity for the pulls: --identity or --app')
  if (app !== undefined) return requireApplicationPuller(account, app)
  const wanted = identity ?? ''
  const found = await findIdentity(account, wanted)
  if (found !== undefined) {
    return {
      objectId: String(valueAt(found, 'properties.principalId')),
      clientId: String(valueAt(found, 'properties.clientId')),
      federation: { kind: 'managed-identity', id: String(valueAt(found, 'id')) },
    }
  }
  if (!isGuid(wanted))
    throw failure(`there is no managed identity ${wanted}`, `create it: acrux identity create -g GROUP -n ${wanted}`)
  // The identity of a machine is not a separate resource.
  const { id } = await requirePrincipal(context, account, wanted)
  return { objectId: id, clientId: undefined, federation: undefined }
}

async function requireApplicationPuller(account: Account, app: string): Promise<Puller> {
  const path = `/applications/${encodeURIComponent(await requireApplication(account, app))}`
  const clientId = String(valueAt(await graph(account, 'GET', path), 'appId'))
  const [principal] = await listGraph(account, '/servicePrincipals', `appId eq ${odataText(clientId)}`)
  if (principal === undefined)
    throw failure(`the application ${clientId} has no service principal`, `acrux ad sp create --id ${clientId}`)
  return { objectId: String(valueAt(principal, 'id')), clientId, federation: { kind: 'application', path } }
}

async function findIdentity(account: Account, wanted: string): Promise<unknown> {
  if (wanted.startsWith('/')) return askArm(account, { method: 'GET', url: `${wanted}?api-version=${identityVersion}` })
  const base = `/subscriptions/${account.subscription.id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
  const all = await listArm(account, `${base}?api-version=${identityVersion}`)
  const members = ['name', 'properties.clientId', 'properties.principalId']
  const found = all.filter((each) =>
    members.some((member) => String(valueAt(each, member)).toLowerCase() === wanted.toLowerCase()),
  )
  if (found.length > 1)
    throw failure(`several managed identities have the name ${wanted}`, 'select one identity by its client id')
  return found[0]
}
