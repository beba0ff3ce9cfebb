import type { HostedRegistry } from '../protocol/ports.ts'

/** A registry with its retention and soft-delete policies. */
export type PolicedRegistry = HostedRegistry & {
  readonly policies: {
    readonly retentionPolicy: {
      readonly status: 'enabled' | 'disabled'
      readonly days: number
      /** When it was enabled. */
      readonly enabledAtMs: number
    }
    readonly softDeletePolicy: { readonly retentionDays: number }
  }
}
