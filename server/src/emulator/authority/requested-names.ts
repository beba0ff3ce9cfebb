import { type SecureContext, createSecureContext } from 'node:tls'
import { parseCertificateHost } from '../../platform/tls/certificate-hosts.ts'
import type { KeyPair } from '../../platform/tls/key-pair.ts'

/** The maximum number of names. The number is limited because a client can invent thousands of names. */
const maxNames = 64

/**
 * Certificates for the names that clients request, for an emulator that cannot know its name outside of a container. If the maximum is
 * reached, further names get the certificate of the server.
 */
export class RequestedNames {
  readonly challenges = { contextOf: () => undefined }
  readonly #issue: (host: string) => Promise<KeyPair>
  readonly #contexts = new Map<string, Promise<SecureContext | undefined>>()

  /** `issue` signs a certificate for a host. */
  constructor(issue: (host: string) => Promise<KeyPair>) {
    this.#issue = issue
  }

  /** The certificate for a name. The result is undefined if the server's own certificate is suitable. */
  contextOf(name: string): Promise<SecureContext | undefined> | undefined {
    const host = parseCertificateHost(name)
    // The certificate of the server covers localhost, and the hosts of registries below it.
    if (host === undefined || host === 'localhost' || host.endsWith('.localhost')) return undefined
    const known = this.#contexts.get(host)
    if (known !== undefined || this.#contexts.size >= maxNames) return known
    const context = this.#issue(host).then(
      (pair) => createSecureContext(pair),
      () => undefined,
    )
    this.#contexts.set(host, context)
    return context
  }
}
