import type { FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure, failure } from '../../framework/command/failure.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../framework/options/flags.ts'
import { valueAt } from '../../framework/values/shape.ts'
import { type Account, type AccountFlags, requireAccount } from '../session/account.ts'
import { askArm, listArm } from './arm.ts'

const registryType = 'Microsoft.ContainerRegistry/registries'

/** The api-version of registries that az 2.74 sends. */
export const registryVersion = '2025-03-01-preview'

/** Selects a registry. */
export type RegistryFlags = SubscriptionFlags & { readonly name: string; readonly resourceGroup?: string }

/** The optional resource group of a registry. */
export const resourceGroupFlag: FlagDescription = {
  flags: '-g, --resource-group <group>',
  description: 'the name of the resource group',
}

const nameFlag: FlagDescription = {
  flags: '-n, --name <registry>',
  description: 'the name of the registry',
  required: true,
}

/** Describes {@link RegistryFlags}. */
export const registryFlags: readonly FlagDescription[] = [nameFlag, resourceGroupFlag, subscriptionFlag]

/** Selects a registry for the commands of az in which `--name` is the name of another resource. */
export type OwningRegistryFlags = SubscriptionFlags & { readonly registry: string; readonly resourceGroup?: string }

/** Describes {@link OwningRegistryFlags}. */
export const owningRegistryFlags: readonly FlagDescription[] = [
  { flags: '-r, --registry <registry>', description: 'the name of the registry', required: true },
  resourceGroupFlag,
  subscriptionFlag,
]

/**
 * Selects a registry for commands that az does not have. In these commands, `--name` or `-n` is the name of the
 * registry.
 */
export const ownRegistryFlags: readonly FlagDescription[] = owningRegistryFlags.map((flag) =>
  flag.required === true ? { ...flag, aliases: ['-n', '--name'] } : flag,
)

/** A registry, as a path of ARM. It may not exist. */
export type NamedRegistry = {
  readonly account: Account
  readonly name: string
  readonly id: string
}

/** No registry of the subscription has the name. */
export class RegistryNotFound extends CommandFailure {
  override readonly name = 'RegistryNotFound'
}

/** Which account a command uses. @throws CommandFailure if nobody is signed in */
type AccountOf = (context: CommandContext, flags: AccountFlags) => Promise<Account>

/** Finds a registry by name, in a resource group or in the subscription. @throws RegistryNotFound */
export async function findNamedRegistry(
  context: CommandContext,
  flags: RegistryFlags,
  accountOf: AccountOf = requireAccount,
): Promise<NamedRegistry> {
  const account = await accountOf(context, flags)
  const name = plainName(context, account, flags.name)
  const group = flags.resourceGroup ?? (await groupOf(account, name))
  return { account, name, id: `${groupPath(account, group)}/providers/${registryType}/${name}` }
}

/** Finds the registry of {@link OwningRegistryFlags}. @throws RegistryNotFound */
export function findOwningRegistry(context: CommandContext, flags: OwningRegistryFlags): Promise<NamedRegistry> {
  return findNamedRegistry(context, { ...flags, name: flags.registry })
}

/** Finds a registry, and returns its path and its ARM document. @throws RegistryNotFound, ApiError */
export async function getNamedRegistry(
  context: CommandContext,
  flags: RegistryFlags,
  accountOf: AccountOf = requireAccount,
): Promise<NamedRegistry & { readonly response: unknown }> {
  const registry = await findNamedRegistry(context, flags, accountOf)
  return { ...registry, response: await askRegistry(registry, 'GET') }
}

/** Sends a request about a registry. `path` is appended to the registry's id. @throws ApiError */
export function askRegistry(
  { account, id }: NamedRegistry,
  method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE',
  { path = '', body, version = registryVersion }: { path?: string; body?: object; version?: string } = {},
): Promise<unknown> {
  return askArm(account, { method, url: `${id}${path}?api-version=${version}`, ...(body !== undefined && { body }) })
}

/** The path of a resource group. */
export function groupPath({ subscription }: Account, group: string): string {
  return `/subscriptions/${subscription.id}/resourceGroups/${encodeURIComponent(group)}`
}

/** The ids of the registries of the subscription with a name, in any case. @throws RegistryNotFound */
export async function requireRegistryId(account: Account, name: string): Promise<string> {
  const { id: subscription, name: subscriptionName } = account.subscription
  const filter = encodeURIComponent(`resourceType eq '${registryType}'`)
  const all = await listArm(
    account,
    `/subscriptions/${subscription}/resources?$filter=${filter}&api-version=2024-11-01`,
  )
  const [found, another] = all.filter((each) => String(valueAt(each, 'name')).toLowerCase() === name.toLowerCase())
  if (found === undefined) {
    throw new RegistryNotFound(
      `The resource with name '${name}' and type '${registryType}' could not be found in subscription '${subscriptionName ?? ''} (${subscription})'.`,
      1,
      'list the registries: acrux acr list -o table',
    )
  }
  if (another !== undefined)
    throw failure(
      `More than one resources with type '${registryType}' are found with name '${name}'.`,
      'select one with --resource-group',
    )
  return String(valueAt(found, 'id'))
}

async function groupOf(account: Account, name: string): Promise<string> {
  const id = await requireRegistryId(account, name)
  return decodeURIComponent(id.split('/')[4] ?? '').toLowerCase()
}

/**
 * Removes the suffix of a login server from the name of a registry, as az does. @throws CommandFailure if no registry
 * can have the name
 */
function plainName({ log }: CommandContext, { cloud }: Account, given: string): string {
  const suffix = cloud.suffixes['acrLoginServerEndpoint'] ?? ''
  const dash = given.indexOf('-')
  const end = dash > 0 || suffix === '' ? dash : given.indexOf(suffix)
  const name = end > 0 ? given.slice(0, end) : given
  if (end > 0)
    log.warning(`Registry name is ${name}. The following suffix '${given.slice(end)}' is automatically omitted.`)
  if (!/^[a-zA-Z0-9-]{5,50}$/.test(name))
    throw failure('Registry names may contain only alpha numeric characters and must be between 5 and 50 characters')
  return name
}
