import { cloudOfSuffix } from '../../framework/profile/clouds.ts'
import type { HelperRegistry, Profile, SignIn, StoredSubscription } from '../../framework/profile/profile.ts'
import { isServerHost } from '../../framework/values/server-host.ts'

/** Who signs in to a registry: an account of the cloud of the registry. */
export type Owner = { readonly cloudName: string; readonly signIn: SignIn; readonly stored: StoredSubscription }

/** The information about a login server in the profile. */
export type Found =
  | { readonly kind: 'owned'; readonly owner: Owner }
  /** The login server is a registry of a known cloud, and nobody is signed in to this cloud. */
  | { readonly kind: 'signed-out'; readonly cloudName: string }
  | { readonly kind: 'unknown' }

/** The login server in a server URL: clients send the URL with or without a scheme and a path. */
export function loginServerOf(serverUrl: string): string {
  return serverUrl
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/.*$/s, '')
    .toLowerCase()
}

/**
 * Finds the account that signs in to a login server. The registry was set up with `acrux acr login --helper`, or its name ends
 * with the suffix of a cloud, so that a token is never sent to a server of another cloud.
 */
export function findOwner(profile: Profile, loginServer: string): Found {
  const cloudName = cloudNameOf(profile, loginServer)
  if (cloudName === undefined) return { kind: 'unknown' }
  const ofCloud = profile.subscriptions.filter(({ subscription }) => subscription.environmentName === cloudName)
  const stored =
    ofCloud.find(({ subscription }) => subscription.isDefault) ??
    ofCloud.find(({ subscription }) => subscription.state === 'Enabled') ??
    ofCloud[0]
  const signIn = stored && profile.signIns.find(({ id }) => id === stored.signIn)
  return stored === undefined || signIn === undefined
    ? { kind: 'signed-out', cloudName }
    : { kind: 'owned', owner: { cloudName, signIn, stored } }
}

function cloudNameOf(profile: Profile, loginServer: string): string | undefined {
  if (!isServerHost(loginServer)) return undefined
  const recorded = helperRegistriesOf(profile).find((each) => each.loginServer === loginServer)
  if (recorded !== undefined) return recorded.cloud
  return cloudOfSuffix(profile.clouds, loginServer)?.name
}

/** The registries for which clients were told to ask the helper. */
export function helperRegistriesOf({ helperRegistries = [] }: Profile): readonly HelperRegistry[] {
  return helperRegistries
}
