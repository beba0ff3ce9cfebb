import { type SecureContext, createSecureContext } from 'node:tls'
import type { Clock } from '../process/clock.ts'
import type { KeyPair } from './key-pair.ts'

/** A certificate and key for one host, and the time when the certificate expires, in milliseconds since the epoch. */
export type NamedPair = KeyPair & { readonly host: string; readonly expiresAtMs: number }

/** Certificates for TLS, by host. */
export class NamedPairs {
  readonly #clock: Clock
  readonly #held = new Map<string, { readonly pair: NamedPair; readonly context: SecureContext }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * The certificate for a host, regardless of the case. Undefined if there is no certificate or the certificate has
   * expired.
   */
  readonly contextOf = (host: string): SecureContext | undefined => {
    const held = this.#held.get(host.toLowerCase())
    return held !== undefined && held.pair.expiresAtMs > this.#clock.now() ? held.context : undefined
  }

  /** All pairs, including expired pairs. */
  list(): readonly NamedPair[] {
    return [...this.#held.values()].map(({ pair }) => pair)
  }

  set(pair: NamedPair): void {
    const { host, cert, key } = pair
    const before = this.#held.get(host)?.pair
    if (before?.cert === cert && before.key === key) return
    this.#held.set(host, { pair, context: createSecureContext({ cert, key }) })
  }

  delete(host: string): void {
    this.#held.delete(host)
  }

  /** Replaces all pairs with these pairs. */
  replace(pairs: readonly NamedPair[]): void {
    const hosts = new Set(pairs.map(({ host }) => host))
    for (const host of this.#held.keys()) if (!hosts.has(host)) this.#held.delete(host)
    for (const pair of pairs) this.set(pair)
  }
}
