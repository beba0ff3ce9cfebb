/** What the tests use of the package, which has no types of its own. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
    /** Whether it trusts the forwarded headers: needed if TLS ends before the provider. */
    proxy: boolean
    callback(): RequestListener
    on(event: string, listener: (...values: unknown[]) => void): void
  }
}
