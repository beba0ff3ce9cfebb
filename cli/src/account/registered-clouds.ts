import { failure } from '../command/failure.ts'
import { cloudsOf } from './account.ts'
import { type Cloud, azureCloud } from './clouds.ts'
import type { Profile } from './profile.ts'

/** The registered cloud of an origin. */
export function findByOrigin({ clouds }: Profile, origin: string): Cloud | undefined {
  return clouds.find((cloud) => originOf(cloud) === origin)
}

/** The origin of the Resource Manager of a cloud. */
export function originOf({ endpoints }: Cloud): string | undefined {
  return URL.parse(endpoints.resourceManager)?.origin
}

/**
 * The profile in which a cloud is stored and active. A record of the same origin is replaced in its place.
 *
 * @throws CommandFailure if its name is that of a cloud with another origin, whose sign-ins the server would get
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
 * Requires that a name is free, or that of the cloud of an origin: sign-ins and helpers are stored with the name of their cloud.
 *
 * @throws CommandFailure
 */
export function requireNameOf(profile: Profile, name: string, origin: string | undefined): void {
  const holder = cloudsOf(profile).find((each) => each.name.toLowerCase() === name.toLowerCase())
  if (holder === undefined || originOf(holder) === origin) return
  throw failure(
    `the cloud ${holder.name} is registered with another address: ${holder.endpoints.resourceManager}`,
    `to use the name for ${origin ?? name}, first run: acrux cloud unregister -n ${holder.name}`,
  )
}
