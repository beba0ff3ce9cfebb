import type { Configuration } from '../platform/configuration/configuration.ts'

/** One provider as the operator configured it. */
export type UpstreamSettings = Configuration['identityProviders'][number]

/** Where the provider sends people back to. */
export function callbackPath(name: string): string {
  return `/sign-in/${name}/callback`
}

/** Where the button on the page for signing in leads. */
export function beginningPath(name: string): string {
  return `/sign-in/${name}/start`
}
