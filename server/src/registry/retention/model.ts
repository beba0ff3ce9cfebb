import type { HostedRegistry } from '../surface/ports.ts'

/** A registry with the policies that are carried out by time. */
export type PolicedRegistry = HostedRegistry & {
  readonly policies: {
    readonly retentionPolicy: {
      readonly status: 'enabled' | 'disabled'
      readonly days: number
      /** Since when it is enabled. */
      readonly enabledAtMs: number
    }
    readonly softDeletePolicy: { readonly retentionDays: number }
  }
}
