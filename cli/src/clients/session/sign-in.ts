import { randomUUID } from 'node:crypto'
import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import {
  type Profile,
  type SignIn,
  type SignInMethod,
  type Subscription,
  openProfile,
} from '../../framework/profile/profile.ts'
import { terminalLine, terminalText } from '../../framework/terminal/terminal-text.ts'
import { type HttpClient, jsonOf } from '../http/http.ts'
import type { Secrets } from '../tokens/secrets.ts'
import { type TokenSource, accessToken } from '../tokens/sign-in-tokens.ts'
import { scopeOf } from '../tokens/token-request.ts'
import { isNamed, recordOf } from './account.ts'
import { withCloud } from './registered-clouds.ts'
import { chooseSecretStore, openSecretStore, secretsInMemory } from './secret-store.ts'

/** A principal that has authenticated. */
export type Authenticated = {
  readonly cloud: Cloud
  readonly http: HttpClient
  /** The tenant that the user named, or the tenant in the tokens. */
  readonly tenantId: string
  /** Whether the subscriptions of all tenants of the user are listed. */
  readonly allTenants: boolean
  readonly user: Subscription['user']
  readonly method: SignInMethod
  readonly secrets: Secrets
}

const tenantAccountName = 'N/A(tenant level account)'

const apiVersion = '2022-12-01'

const maxTextLength = 1024

/** How a sign-in is completed. */
type SignInOptions = {
  readonly allowNoSubscriptions?: boolean | undefined
  /** The scope of a token that is requested first. */
  readonly scope?: string | undefined
}

/**
 * Stores a sign-in, its subscriptions and its cloud, and makes the cloud active. Returns the subscriptions. @throws
 * CommandFailure if the account has no subscriptions
 */
export async function completeSignIn(
  context: CommandContext,
  authenticated: Authenticated,
  { allowNoSubscriptions = false, scope }: SignInOptions,
): Promise<readonly Subscription[]> {
  const { cloud, http, tenantId, user, method, secrets } = authenticated
  const profile = openProfile(context.env)
  const before = await profile.read()
  const present = before.signIns.find((each) => each.cloud === cloud.name && each.userName === user.name)
  const secretStore = present?.secretStore ?? (await chooseSecretStore(context.env))
  const signIn: SignIn = {
    id: present?.id ?? randomUUID(),
    cloud: cloud.name,
    tenantId,
    userName: user.name,
    secretStore,
    method,
  }
  const unstored = secretsInMemory(secrets)
  const source = { http, cloud, signIn, secrets: unstored, env: context.env }
  if (scope !== undefined) await accessToken(source, scope, tenantId)
  const subscriptions = await findSubscriptions(context, source, authenticated)
  const found = allowNoSubscriptions ? withTenantAccounts(subscriptions, authenticated) : subscriptions.list
  if (found.length === 0)
    throw failure(`No subscriptions found for ${user.name}.`, 'add --allow-no-subscriptions to sign in to the tenant')
  await openSecretStore(secretStore, context.env).change(signIn.id, unstored.current)
  const after = await profile.change((current) => withSignIn(withCloud(current, cloud), signIn, found))
  return found.map(
    (each) => after.subscriptions.find(({ subscription }) => isSame(subscription, each))?.subscription ?? fail(each.id),
  )
}

function fail(id: string): never {
  throw failure(`the subscription ${id} was removed by another process while this process stored the subscription`)
}

/** Lists the subscriptions of a sign-in again. */
export async function refreshSubscriptions(
  context: CommandContext,
  source: TokenSource,
  user: Subscription['user'],
): Promise<readonly Subscription[]> {
  const { cloud, http, signIn } = source
  const allTenants = signIn.method.kind === 'user'
  const authenticated = { cloud, http, tenantId: signIn.tenantId, allTenants, user, method: signIn.method, secrets: {} }
  return (await findSubscriptions(context, source, authenticated)).list
}

type Found = { readonly list: readonly Subscription[]; readonly tenantIds: readonly string[] }

async function findSubscriptions(
  context: CommandContext,
  source: TokenSource,
  signedIn: Authenticated,
): Promise<Found> {
  if (!signedIn.allTenants) {
    return {
      list: await subscriptionsIn(source, signedIn, { tenantId: signedIn.tenantId }),
      tenantIds: [signedIn.tenantId],
    }
  }
  const tenants = (await listAll(source, '/tenants', signedIn.tenantId)).map(recordOf)
  const byId = new Map<string, Subscription>()
  const tenantIds: string[] = []
  for (const { tenantId, defaultDomain, displayName } of tenants) {
    if (!isGuid(tenantId)) continue
    tenantIds.push(tenantId)
    const tenant = {
      tenantId,
      ...(isPlain(defaultDomain) && { tenantDefaultDomain: defaultDomain }),
      ...(isPlain(displayName) && { tenantDisplayName: displayName }),
    }
    try {
      for (const each of await subscriptionsIn(source, signedIn, tenant))
        if (!byId.has(each.id)) byId.set(each.id, each)
    } catch (error) {
      // A tenant can require another sign-in. The other tenants are not affected.
      context.log.warning(`the tenant ${tenantId} denied the sign-in: ${error instanceof Error ? error.message : ''}`)
    }
  }
  return { list: [...byId.values()], tenantIds }
}

type Tenant = {
  readonly tenantId: string
  readonly tenantDefaultDomain?: string
  readonly tenantDisplayName?: string
}

async function subscriptionsIn(source: TokenSource, signedIn: Authenticated, tenant: Tenant): Promise<Subscription[]> {
  const found = (await listAll(source, '/subscriptions', tenant.tenantId)).map(recordOf)
  return found.flatMap(({ subscriptionId, displayName, state, tenantId, managedByTenants }) => {
    if (!isGuid(subscriptionId)) return []
    return {
      id: subscriptionId,
      name: isPlain(displayName) ? displayName : null,
      state: isPlain(state) ? state : null,
      isDefault: false,
      environmentName: signedIn.cloud.name,
      user: signedIn.user,
      ...tenant,
      ...(isGuid(tenantId) && { homeTenantId: tenantId }),
      managedByTenants: tenantsIn(managedByTenants),
    }
  })
}

function tenantsIn(value: unknown): readonly object[] {
  const tenants = Array.isArray(value) ? value.map(recordOf) : []
  return tenants.flatMap(({ tenantId }) => (isGuid(tenantId) ? [{ tenantId }] : []))
}

/**
 * A text from a server, limited in length and without control characters, so that acrux can store and print the text.
 */
function isPlain(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength && terminalLine(value) === value
}

async function listAll(source: TokenSource, path: string, tenantId: string): Promise<unknown[]> {
  const { http, cloud } = source
  const { token } = await accessToken(source, scopeOf(cloud.endpoints.activeDirectoryResourceId), tenantId)
  const url = `${cloud.endpoints.resourceManager.replace(/\/+$/, '')}${path}?api-version=${apiVersion}`
  const response = await http.send({ method: 'GET', url, headers: { authorization: `Bearer ${token}` } })
  const { value, error } = recordOf(jsonOf(response))
  if (response.status === 200 && Array.isArray(value)) return value as unknown[]
  const { code, message } = recordOf(error)
  const reason = typeof message === 'string' ? `(${String(code)}) ${message}` : `status ${response.status}`
  throw failure(`the subscriptions cannot be listed: ${terminalText(reason)}`)
}

/**
 * Accounts of tenants without subscriptions. As in az, the id of such an account is the id of the tenant. [az-cli-wire
 * §3.1]
 */
function withTenantAccounts({ list, tenantIds }: Found, { cloud, user }: Authenticated): readonly Subscription[] {
  const bare = tenantIds.filter((tenantId) => !list.some((each) => each.tenantId === tenantId))
  return [
    ...list,
    ...bare.map((tenantId) => ({
      id: tenantId,
      name: tenantAccountName,
      state: 'Enabled',
      tenantId,
      isDefault: false,
      environmentName: cloud.name,
      user,
    })),
  ]
}

/**
 * Stores the subscriptions. The active subscription stays active if it still exists; otherwise, an enabled subscription
 * becomes active.
 */
function withSignIn(profile: Profile, signIn: SignIn, found: readonly Subscription[]): Profile {
  const isActive = (each: Subscription) =>
    profile.subscriptions.some(({ subscription }) => subscription.isDefault && isSame(subscription, each))
  const next = found.find(isActive) ?? found.find(({ state }) => state === 'Enabled') ?? found[0]
  const isNew = (subscription: Subscription) => found.some((each) => isSame(each, subscription))
  const all = [
    ...profile.subscriptions.filter(({ subscription }) => !isNew(subscription)),
    ...found.map((subscription) => ({ signIn: signIn.id, subscription })),
  ]
  return {
    ...profile,
    signIns: [...profile.signIns.filter(({ id }) => id !== signIn.id), signIn],
    subscriptions: all.map((each) => ({
      ...each,
      subscription: { ...each.subscription, isDefault: next !== undefined && isSame(each.subscription, next) },
    })),
  }
}

/** Servers choose the ids of their subscriptions, so subscriptions of two clouds can have the same id. */
function isSame(one: Subscription, other: Subscription): boolean {
  return one.id === other.id && one.environmentName === other.environmentName
}

/** Makes a subscription the active subscription of the active cloud. @throws CommandFailure with az's message */
export function withActiveSubscription(profile: Profile, wanted: string): Profile {
  const { activeCloud, subscriptions } = profile
  const found = subscriptions.filter(
    ({ subscription }) => subscription.environmentName === activeCloud && isNamed(subscription, wanted),
  )
  const [first] = found
  if (first === undefined || found.length > 1) {
    const reason = first === undefined ? "doesn't exist" : 'has more than one match'
    throw failure(`The subscription of '${wanted.toLowerCase()}' ${reason} in cloud '${activeCloud}'.`)
  }
  return {
    ...profile,
    subscriptions: subscriptions.map((each) => ({
      ...each,
      subscription: { ...each.subscription, isDefault: each === first },
    })),
  }
}

/** Deletes sign-ins with their subscriptions and secrets. */
export async function removeSignIns(context: CommandContext, isRemoved: (signIn: SignIn) => boolean): Promise<void> {
  const profile = openProfile(context.env)
  const removed = (await profile.read()).signIns.filter(isRemoved)
  // The secrets are deleted first, so that the sign-in is still listed if the deletion fails.
  for (const { id, secretStore } of removed) {
    await openSecretStore(secretStore, context.env).change(id, () => undefined)
  }
  const ids = new Set(removed.map(({ id }) => id))
  await profile.change((current) => ({
    ...current,
    signIns: current.signIns.filter(({ id }) => !ids.has(id)),
    subscriptions: current.subscriptions.filter(({ signIn }) => !ids.has(signIn)),
  }))
}
