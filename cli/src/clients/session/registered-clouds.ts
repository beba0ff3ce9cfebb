import { failure } from '../../framework/command/failure.ts'
import { type Cloud, azureCloud } from '../../framework/profile/clouds.ts'
import type { Profile } from '../../framework/profile/profile.ts'
import { cloudsOf } from './account.ts'

/** The registered cloud of an origin. */
export function findByOrigin({ clouds }: Profile, origin: string): Cloud | undefined {
  return clouds.find((cloud) => originOf(cloud) === origin)
}

/** The origin of the Resource Manager of a cloud. */
export function originOf({ endpoints }: Cloud): string | undefined {
  return URL.parse(endpoints.resourceManager)?.origin
}

/**
 * The profile in which a cloud is stored and active. The cloud replaces a cloud with the same origin at the same
 * position.
 *
 * @throws CommandFailure if a cloud with another origin has the name, because the server would receive the sign-ins of
 * this cloud
 */
export function withCloud(profile: Profile, cloud: Cloud): Profile {
  if (cloud.name === azureCloud.name) return { ...profile, activeCloud: cloud.name }
  requireNameOf(profile, cloud.name, originOf(cloud))
  const { clouds } = profile
  const isKnown = clouds.some(({ name }) => name === cloud.name)
  return {
    ...profile,
    activeCloud: cloud.name,
    clouds: isKnown ? clouds.map((each) => (each.name === cloud.name ? cloud : each)) : [...clouds, cloud],
  }
}

/**
 * Requires that no cloud of another origin has a name: sign-ins and helpers are stored with the name of their cloud.
 *
 * @throws CommandFailure
 */
export function requireNameOf(profile: Profile, name: string, origin: string | undefined): void {
  const holder = cloudsOf(profile).find((each) => each.name.toLowerCase() === name.toLowerCase())
  if (holder === undefined || originOf(holder) === origin) return
  throw failure(
    `the cloud ${holder.name} is registered with a different address: ${holder.endpoints.resourceManager}`,
    `to use this name for ${origin ?? name}, first run: acrux cloud unregister -n ${holder.name}`,
  )
}
