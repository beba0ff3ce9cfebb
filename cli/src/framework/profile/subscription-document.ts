import type { Subscription } from './profile.ts'

/** A subscription in lists, as az shows it: with `cloudName` instead of `environmentName`. */
export function subscriptionDocument({ environmentName, ...subscription }: Subscription): object {
  return { ...subscription, cloudName: environmentName }
}
