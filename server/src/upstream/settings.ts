import type { Configuration } from '../platform/configuration/configuration.ts'

/** One provider as the operator configured it. */
export type UpstreamSettings = Configuration['identityProviders'][number]
