import { homedir } from 'node:os'
import path from 'node:path'
import { type JsonFile, openJsonFile } from '../files/json-file.ts'
import { isRecord } from '../values/record.ts'
import { type Cloud, azureCloud } from './clouds.ts'

/** A signed-in subscription, as az stores and shows the subscription. */
export type Subscription = {
  readonly id: string
  readonly name: string | null
  readonly state: string | null
  readonly tenantId: string
  readonly isDefault: boolean
  /** The name of its cloud. */
  readonly environmentName: string
  readonly user: Readonly<Record<string, unknown>> & { readonly name: string; readonly type: string }
  readonly homeTenantId?: string
  readonly managedByTenants?: readonly unknown[]
  readonly tenantDefaultDomain?: string
  readonly tenantDisplayName?: string
}

/** How a principal authenticates. The secrets are in the secret store, under the id of the sign-in. */
export type SignInMethod =
  | { readonly kind: 'user'; readonly clientId: string }
  | { readonly kind: 'secret' }
  | { readonly kind: 'certificate'; readonly file: string; readonly sendsChain: boolean }
  /** acrux reads a token file again for each token, because the platform replaces the file. */
  | { readonly kind: 'federated'; readonly file: string | undefined }
  | { readonly kind: 'managed-identity'; readonly parameter: string | undefined; readonly value: string | undefined }

/** A principal that is signed in to a cloud. */
export type SignIn = {
  readonly id: string
  readonly cloud: string
  readonly tenantId: string
  /**
   * The user principal name, application id or kind of managed identity, which is also `user.name` of the
   * subscriptions.
   */
  readonly userName: string
  readonly secretStore: 'file' | 'secret-service'
  readonly method: SignInMethod
}

/** A subscription, and the sign-in that gives access to it. */
export type StoredSubscription = { readonly signIn: string; readonly subscription: Subscription }

/** A registry for which clients ask `docker-credential-acrux`. */
export type HelperRegistry = { readonly name: string; readonly loginServer: string; readonly cloud: string }

/** The state that the command line stores between commands, without secrets. */
export type Profile = {
  readonly version: 1
  readonly activeCloud: string
  readonly clouds: readonly Cloud[]
  readonly signIns: readonly SignIn[]
  readonly subscriptions: readonly StoredSubscription[]
  readonly helperRegistries?: readonly HelperRegistry[]
}

const empty: Profile = { version: 1, activeCloud: azureCloud.name, clouds: [], signIns: [], subscriptions: [] }

/** Opens the profile of this user. Without a file, AzureCloud is active and nobody is signed in. */
export function openProfile(env: Readonly<Record<string, string | undefined>>): JsonFile<Profile> {
  const file = path.join(configDirectory(env), 'profile.json')
  return openJsonFile(file, parseProfile, `delete it, or set ACRUX_CONFIG_DIR, and sign in again with acrux login`)
}

/** Checks the properties on which every command relies. Returns undefined if the document is not a profile. */
export function parseProfile(value: unknown): Profile | undefined {
  if (value === undefined) return empty
  if (!isRecord(value) || value['version'] !== 1 || typeof value['activeCloud'] !== 'string') return undefined
  const { clouds, signIns, subscriptions, helperRegistries = [] } = value
  const isValid =
    isListOf(clouds, isCloud) &&
    isListOf(signIns, isSignIn) &&
    isListOf(subscriptions, isStoredSubscription) &&
    isListOf(helperRegistries, (item) => hasTexts(item, ['name', 'loginServer', 'cloud']))
  return isValid ? (value as Profile) : undefined
}

function isListOf(value: unknown, isItem: (item: Readonly<Record<string, unknown>>) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isRecord(item) && isItem(item))
}

function hasTexts(item: unknown, names: readonly string[]): boolean {
  return isRecord(item) && names.every((name) => typeof item[name] === 'string')
}

function isCloud(item: Readonly<Record<string, unknown>>): boolean {
  return hasTexts(item, ['name']) && hasTexts(item['endpoints'], requiredEndpoints) && isRecord(item['suffixes'])
}

const requiredEndpoints = ['resourceManager', 'activeDirectory', 'activeDirectoryResourceId']

function isSignIn(item: Readonly<Record<string, unknown>>): boolean {
  return hasTexts(item, ['id', 'cloud', 'tenantId', 'userName', 'secretStore']) && hasTexts(item['method'], ['kind'])
}

function isStoredSubscription(item: Readonly<Record<string, unknown>>): boolean {
  const { subscription } = item
  return (
    hasTexts(item, ['signIn']) &&
    hasTexts(subscription, ['id', 'tenantId', 'environmentName']) &&
    isRecord(subscription) &&
    hasTexts(subscription['user'], ['name', 'type'])
  )
}

type Environment = Readonly<Record<string, string | undefined>>

/** The directory of the profile: `ACRUX_CONFIG_DIR`, or `acrux` in the user's configuration directory. [XDG Base Directory] */
export function configDirectory(env: Environment): string {
  const own = env['ACRUX_CONFIG_DIR']
  if (own !== undefined && own !== '') return path.resolve(own)
  const base = env['XDG_CONFIG_HOME']
  // The specification requires relative paths to be ignored.
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), '.config'), 'acrux')
}

/** A subscription in lists, as az shows it: with `cloudName` instead of `environmentName`. */
export function subscriptionDocument({ environmentName, ...subscription }: Subscription): object {
  return { ...subscription, cloudName: environmentName }
}
