import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { readResponse } from '../../clients/http/read-response.ts'

/**
 * A server, and a PEM file with the certificates that the command trusts. Without a file, the command trusts the
 * system's authorities.
 */
export type Target = {
  readonly url: URL
  readonly trust?: TrustFile
  /** The path of an emulator's health, which lists no components. Default: `/readyz`. */
  readonly path?: string
}

/**
 * A file of certificates. The certificate of the server itself identifies the server, so the names in it are not
 * compared: this machine may use another name for the server than its clients.
 */
type TrustFile = { readonly file: string; readonly kind: 'authority' | 'server' }

/** The response of a server, or the reason why there is no response. */
export type Readiness =
  | { readonly kind: 'answer'; readonly isReady: boolean; readonly problems: readonly string[] }
  | { readonly kind: 'none'; readonly reason: string }

const timeoutMs = 5000
const maxBodyBytes = 64 * 1024

/** Asks whether a server is ready. The request contains no secrets. */
export async function askReady(target: Target): Promise<Readiness> {
  try {
    const { status, body } = await get(target)
    return { kind: 'answer', isReady: status === 200, problems: target.path === undefined ? problemsIn(body) : [] }
  } catch (error) {
    return { kind: 'none', reason: plainReason(error) }
  }
}

function get({ url, trust, path = '/readyz' }: Target): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const take = (response: http.IncomingMessage): void => {
    readResponse(response, maxBodyBytes).then(
      (body) => resolve({ status: response.statusCode ?? 0, body: body.toString('utf8') }),
      reject,
    )
  }
  const options = { agent: false, signal: AbortSignal.timeout(timeoutMs), headers: { 'user-agent': 'acrux-health' } }
  const ready = new URL(path, url)
  const request =
    url.protocol === 'http:'
      ? http.get(ready, options, take)
      : https.get(ready, { ...options, ...(trust !== undefined && trusting(trust)) }, take)
  request.on('error', reject)
  return promise
}

function trusting({ file, kind }: TrustFile): https.RequestOptions {
  const ca = readCertificates(file)
  if (kind === 'authority') return { ca }
  return { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined }
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`the certificate ${file} cannot be read: ${plainReason(cause)}`, { cause })
  }
}

/** The components that are not ok, one per line. Throws if the response does not come from an Acrux server. */
function problemsIn(body: string): string[] {
  const report = parseJson(body) as Report | undefined
  if (!Array.isArray(report?.components)) throw new Error('the response is not from an Acrux server')
  return report.components
    .filter(({ state }) => state !== 'ok')
    .map(({ name, state, message }) => `${name} is ${state}: ${message}`)
}

type Report = {
  readonly components?: readonly { readonly name: string; readonly state: string; readonly message: string }[]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
