import { type SecureContext, createSecureContext } from 'node:tls'
import type { Clock } from '../process/clock.ts'
import type { KeyPair } from './key-pair.ts'

/** A certificate and key for one host, and when the certificate expires, in milliseconds since the epoch. */
export type NamedPair = KeyPair & { readonly host: string; readonly expiresAtMs: number }

/** Certificates by host, for TLS. */
export class NamedPairs {
  readonly #clock: Clock
  readonly #held = new Map<string, { readonly pair: NamedPair; readonly context: SecureContext }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The certificate for a host, in any case. Undefined if there is none, or it has expired. */
  readonly contextOf = (host: string): SecureContext | undefined => {
    const held = this.#held.get(host.toLowerCase())
    return held !== undefined && held.pair.expiresAtMs > this.#clock.now() ? held.context : undefined
  }

  /** All pairs, expired ones too. */
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

  /** Uses these pairs, and no others. */
  replace(pairs: readonly NamedPair[]): void {
    const hosts = new Set(pairs.map(({ host }) => host))
    for (const host of this.#held.keys()) if (!hosts.has(host)) this.#held.delete(host)
    for (const pair of pairs) this.set(pair)
  }
}
