import type http from 'node:http'
import type { SecureContext, TLSSocket, TlsOptions } from 'node:tls'

/** The certificates that a listener chooses by the name that a client requests. */
export type NamedCertificates = {
  /** The certificate for a name. Undefined if the listener's own certificate is used for the name. */
  readonly contextOf: (name: string) => SecureContext | Promise<SecureContext | undefined> | undefined
  /** The certificates that an ACME provider requests to verify that this server controls a name. */
  readonly challenges: { readonly contextOf: (name: string) => SecureContext | undefined }
}

/** The ALPN protocol that an ACME provider requests. [RFC 8737 §4] */
const challengeProtocol = 'acme-tls/1'
const httpProtocol = 'http/1.1'

/** The options of a TLS server that chooses its certificate by name. There are no options if `named` is undefined. */
export function chooseByName(named: NamedCertificates | undefined): Pick<TlsOptions, 'SNICallback' | 'ALPNCallback'> {
  if (named === undefined) return {}
  // In TLS 1.3, Node selects the protocol before the certificate. In TLS 1.2, Node selects the protocol after the
  // certificate. Node calls both functions as methods of the socket.
  const chosen = new WeakMap<TLSSocket, SecureContext>()
  return {
    SNICallback(this: TLSSocket, name, done) {
      void answerWith(chosen.get(this) ?? named.contextOf(name), done)
    },
    ALPNCallback(this: TLSSocket, { servername, protocols }) {
      const challenge = protocols.includes(challengeProtocol) ? named.challenges.contextOf(servername) : undefined
      if (challenge === undefined) return protocols.includes(httpProtocol) ? httpProtocol : undefined
      chosen.set(this, challenge)
      this.setKeyCert(challenge)
      return challengeProtocol
    },
  }
}

/** Passes the certificate to `done`. The returned promise is never rejected. */
async function answerWith(
  context: SecureContext | Promise<SecureContext | undefined> | undefined,
  done: (error: Error | null, context?: SecureContext) => void,
): Promise<void> {
  done(null, await context)
}

/** Closes connections of an ACME provider after the handshake, because these connections send no requests. */
export function closeChallenges(server: http.Server): void {
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === challengeProtocol) socket.end()
  })
}
