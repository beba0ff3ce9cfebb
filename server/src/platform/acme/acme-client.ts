import { setTimeout as sleep } from 'node:timers/promises'
import { FlattenedSign, calculateJwkThumbprint } from 'jose'
import { z } from 'zod'
import { AcmeError } from './acme-error.ts'
import {
  type AccountKey,
  type AcmeResponse,
  type SignedRequests,
  type Signer,
  createSignedRequests,
  problemText,
} from './signed-requests.ts'

/** How this server proves that it controls a host. */
export type ChallengeKind = 'http-01' | 'tls-alpn-01'

/** Publishes a challenge, which the provider can check until the caller calls the returned function. [RFC 8555 §8] */
export type PublishChallenge = (challenge: {
  readonly host: string
  readonly token: string
  readonly keyAuthorization: string
}) => Promise<() => Promise<void>>

/** The key with which a provider connects an account to a customer. [RFC 8555 §7.3.4] */
export type ExternalAccount = { readonly keyId: string; readonly hmacKey: Uint8Array }

export type AcmeClientOptions = {
  /** The URL of the provider's directory. */
  readonly directory: string
  /** Certificate authorities in PEM that are trusted in addition to the default authorities. */
  readonly extraCa: string | undefined
  readonly email: string | undefined
  readonly externalAccount: ExternalAccount | undefined
  readonly challenge: ChallengeKind
  readonly publish: PublishChallenge
}

/** A client for the ACME protocol of one provider. [RFC 8555] Every function throws AcmeError or OutboundError. */
export interface AcmeClient {
  /**
   * Registers a key, accepts the terms of service, and returns the URL of the account. If the provider has already
   * registered the key, returns the URL of the existing account.
   */
  register(key: AccountKey, signal: AbortSignal): Promise<string>
  /**
   * Orders a certificate for a host and returns the certificate with its chain, in PEM. `request` is a PKCS #10 request
   * in DER.
   */
  order(signer: Signer, host: string, request: Uint8Array, signal: AbortSignal): Promise<string>
}

const url = z.url({ protocol: /^https$/ }).max(2048)
const directorySchema = z.object({ newNonce: url, newAccount: url, newOrder: url })
const orderSchema = z.object({
  status: z.string(),
  authorizations: z.array(url).max(100),
  finalize: url,
  certificate: url.optional(),
  error: z.unknown().optional(),
})
const authorizationSchema = z.object({
  status: z.string(),
  challenges: z
    .array(z.object({ type: z.string(), url, token: z.string().optional(), error: z.unknown().optional() }))
    .max(100),
})
const tokenPattern = /^[A-Za-z0-9_-]{16,512}$/

const pollMs = 1000
const maxPollMs = 30_000
/** The maximum time that the provider may use for one step. */
const stepMs = 5 * 60 * 1000

/** Creates a client. The client connects to the provider when it is first used. */
export function createAcmeClient(options: AcmeClientOptions): AcmeClient {
  return new Client(options)
}

type Directory = z.infer<typeof directorySchema>

/**
 * A document that changes until the provider has completed a step, and the time that the provider asks clients to wait.
 */
type Polled<Document> = { readonly document: Document; readonly retryAfterMs: number }

class Client implements AcmeClient {
  readonly #options: AcmeClientOptions
  readonly #requests: SignedRequests
  #directory: Directory | undefined

  constructor(options: AcmeClientOptions) {
    this.#options = options
    this.#requests = createSignedRequests(options.directory, options.extraCa)
  }

  async register(key: AccountKey, signal: AbortSignal): Promise<string> {
    const { email, externalAccount } = this.#options
    const { newAccount } = await this.#readDirectory(signal)
    const payload = {
      termsOfServiceAgreed: true,
      ...(email !== undefined && { contact: [`mailto:${email}`] }),
      ...(externalAccount !== undefined && {
        externalAccountBinding: await bind(externalAccount, key, newAccount),
      }),
    }
    const created = await this.#requests.post(newAccount, payload, { key, accountUrl: undefined }, signal)
    return requireLocation(created, 'account')
  }

  async order(signer: Signer, host: string, request: Uint8Array, signal: AbortSignal): Promise<string> {
    const { newOrder } = await this.#readDirectory(signal)
    const payload = { identifiers: [{ type: 'dns', value: host }] }
    const created = await this.#requests.post(newOrder, payload, signer, signal)
    const { authorizations, finalize } = parse(orderSchema, created, 'order')
    for (const each of authorizations) await this.#authorize(signer, each, host, signal)
    const location = requireLocation(created, 'order')
    const read = async () => this.#read(orderSchema, location, signer, signal)
    await poll(read, ({ status }) => status !== 'pending', signal)
    await this.#requests.post(finalize, { csr: Buffer.from(request).toString('base64url') }, signer, signal)
    const done = await poll(read, ({ status }) => status === 'valid' || status === 'invalid', signal)
    if (done.status !== 'valid' || done.certificate === undefined) {
      throw new AcmeError(`the provider rejected the order for ${host}: ${problemText(done.error) ?? done.status}`)
    }
    return (await this.#requests.post(done.certificate, undefined, signer, signal)).text
  }

  async #readDirectory(signal: AbortSignal): Promise<Directory> {
    if (this.#directory !== undefined) return this.#directory
    const read = parse(directorySchema, await this.#requests.get(this.#options.directory, signal), 'directory')
    this.#requests.useNonces(read.newNonce)
    this.#directory = read
    return read
  }

  /**
   * Proves that this server controls the host of an authorization. If the authorization is still valid, no proof is
   * necessary.
   */
  async #authorize(signer: Signer, location: string, host: string, signal: AbortSignal): Promise<void> {
    const { challenge: kind, publish } = this.#options
    const read = async () => this.#read(authorizationSchema, location, signer, signal)
    const { document } = await read()
    if (document.status === 'valid') return
    const challenge = document.challenges.find(({ type }) => type === kind)
    if (challenge?.token === undefined || !tokenPattern.test(challenge.token)) {
      throw new AcmeError(`the provider offers no ${kind} challenge for ${host}`)
    }
    const { token } = challenge
    const keyAuthorization = `${token}.${await calculateJwkThumbprint(signer.key.publicJwk)}`
    const withdraw = await publish({ host, token, keyAuthorization })
    try {
      await this.#requests.post(challenge.url, {}, signer, signal)
      const done = await poll(read, ({ status }) => status !== 'pending' && status !== 'processing', signal)
      if (done.status === 'valid') return
      const problem = done.challenges.map(({ error }) => problemText(error)).find((each) => each !== undefined)
      throw new AcmeError(`the provider could not verify ${host} by ${kind}: ${problem ?? done.status}`)
    } finally {
      await withdraw()
    }
  }

  async #read<Document>(
    schema: z.ZodType<Document>,
    location: string,
    signer: Signer,
    signal: AbortSignal,
  ): Promise<Polled<Document>> {
    const response = await this.#requests.post(location, undefined, signer, signal)
    return { document: parse(schema, response, 'document'), retryAfterMs: response.retryAfterMs }
  }
}

/** Reads a document repeatedly until `isDone` returns true. Throws an error after the maximum time for one step. */
async function poll<Document>(
  read: () => Promise<Polled<Document>>,
  isDone: (document: Document) => boolean,
  signal: AbortSignal,
): Promise<Document> {
  const endMs = performance.now() + stepMs
  for (;;) {
    const { document, retryAfterMs } = await read()
    if (isDone(document)) return document
    if (performance.now() > endMs) throw new AcmeError('the provider did not complete the order in 5 minutes')
    await sleep(Math.min(Math.max(retryAfterMs, pollMs), maxPollMs), undefined, { signal })
  }
}

function requireLocation({ location }: AcmeResponse, name: string): string {
  const parsed = url.safeParse(location)
  if (parsed.success) return parsed.data
  throw new AcmeError(`the provider sent no URL of the ${name}`)
}

function parse<Document>(schema: z.ZodType<Document>, { json }: AcmeResponse, name: string): Document {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new AcmeError(`the provider sent an unreadable ${name}`, { cause: parsed.error })
}

function bind({ keyId, hmacKey }: ExternalAccount, { publicJwk }: AccountKey, newAccount: string) {
  return new FlattenedSign(new TextEncoder().encode(JSON.stringify(publicJwk)))
    .setProtectedHeader({ alg: 'HS256', kid: keyId, url: newAccount })
    .sign(hmacKey)
}
