import type { Readable } from 'node:stream'
import { readResponse } from '../platform/outbound/dialer.ts'
import type { OpenedResponse, Outbound } from '../platform/outbound/outbound.ts'
import { OutboundError } from '../platform/outbound/outbound-error.ts'
import { isJsonObject, ownValue, parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'
import { maxManifestSizeBytes } from '@acrux/shared/standards/oci/manifest.ts'
import {
  dockerManifestListType,
  dockerManifestType,
  ociImageIndexType,
  ociImageManifestType,
} from '@acrux/shared/standards/oci/media-type.ts'
import { type ReadChallenge, readChallenges } from '@acrux/shared/standards/oauth/read-challenge.ts'
import { referenceText } from '@acrux/shared/standards/oci/reference.ts'
import type { ImportSource } from './import-source.ts'
import { type ImportCredentials, ImportError, type ImportFrom } from './model.ts'
import { mayHaveCredentials } from './token-service-host.ts'

const manifestTypes = [ociImageIndexType, dockerManifestListType, ociImageManifestType, dockerManifestType].join(', ')
const maxTokenResponseBytes = 256 * 1024
const maxRedirects = 5

/** How a source in another registry is reached. */
export type RemoteSourceOptions = {
  readonly outbound: Outbound
  readonly signal: AbortSignal
  /** By the host of a registry, the host of its token service, which may receive the credentials too. */
  readonly tokenServices: ReadonlyMap<string, string>
}

/**
 * A repository of another registry. Credentials are sent to the registry's own host and to a token service that
 * `mayHaveCredentials` accepts; never to any other realm, and never along a redirect. Without credentials, a token is
 * requested from any realm that the registry names. [distribution spec/auth/token.md]
 */
export function openRemoteSource(
  { outbound, signal, tokenServices }: RemoteSourceOptions,
  { host, repository, credentials }: ImportFrom & { readonly kind: 'remote' },
): ImportSource {
  const origin = `https://${host === 'docker.io' ? 'registry-1.docker.io' : host}`
  let authorization: string | undefined

  async function open(url: string, accept: string, mayAsk: boolean): Promise<OpenedResponse> {
    const headers = { accept, ...(authorization !== undefined && { authorization }) }
    const { response, isOwn } = await follow(url, headers)
    if (response.status !== 401 || !isOwn || !mayAsk) return response
    response.body.destroy()
    authorization = await authorize(readChallenges(response.headers['www-authenticate'] ?? ''))
    return open(url, accept, false)
  }

  /** Follows redirects. Another origin than the registry's receives no credentials, and its challenges are ignored. */
  async function follow(
    first: string,
    headers: Record<string, string>,
  ): Promise<{ readonly response: OpenedResponse; readonly isOwn: boolean }> {
    let url = first
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const isOwn = new URL(url).origin === new URL(origin).origin
      const { authorization: _kept, ...others } = headers
      const response = await dial(outbound, url, isOwn ? headers : others, signal)
      if (![301, 302, 303, 307, 308].includes(response.status)) return { response, isOwn }
      response.body.destroy()
      const { location } = response.headers
      if (location === undefined || !URL.canParse(location, url)) break
      url = new URL(location, url).href
    }
    throw new ImportError('source', `${host} redirects endlessly`)
  }

  /** The `Authorization` header that the challenges require. */
  async function authorize(challenges: readonly ReadChallenge[]): Promise<string> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    if (bearer !== undefined) return `Bearer ${await fetchToken(bearer)}`
    const basic = challenges.some(({ scheme }) => scheme === 'basic')
    if (basic && credentials !== undefined) return basicHeader(credentials)
    throw new ImportError('credentials', `${host} requires credentials`)
  }

  async function fetchToken({ parameters }: ReadChallenge): Promise<string> {
    const realm = parameters.get('realm') ?? ''
    if (!URL.canParse(realm)) throw new ImportError('source', `${host} names no token service`)
    const url = new URL(realm)
    const service = parameters.get('service')
    if (service !== undefined) url.searchParams.set('service', service)
    url.searchParams.set('scope', `repository:${repository}:pull`)
    if (url.protocol !== 'https:') throw new ImportError('source', `the token service of ${host} does not use HTTPS`)
    if (credentials !== undefined && !mayHaveCredentials(new URL(origin), url, tokenServices)) {
      throw new ImportError('source', `${host} requests the credentials for ${url.host}, which is another host`)
    }
    const headers = credentials === undefined ? {} : { authorization: basicHeader(credentials) }
    const response = await dial(outbound, url.href, { accept: 'application/json', ...headers }, signal)
    if (response.status !== 200) {
      response.body.destroy()
      throw new ImportError('credentials', `the token service of ${host} answered ${response.status}`)
    }
    const answer = parseBoundedJson(await readBounded(response.body, maxTokenResponseBytes, host), 8)
    const token = isJsonObject(answer) ? (ownValue(answer, 'access_token') ?? ownValue(answer, 'token')) : undefined
    if (typeof token === 'string' && /^[\x21-\x7e]{1,65536}$/.test(token)) return token
    throw new ImportError('source', `the token service of ${host} returned no token`)
  }

  async function get(path: string, accept: string): Promise<OpenedResponse> {
    const response = await open(`${origin}/v2/${repository}/${path}`, accept, true)
    if (response.status === 200) return response
    response.body.destroy()
    if (response.status === 401 || response.status === 403) {
      throw new ImportError('credentials', `${host} does not allow the caller to pull ${repository}`)
    }
    if (response.status === 404) throw new ImportError('not-found', `${host} has no ${repository}/${path}`)
    throw new ImportError('source', `${host} answered ${response.status}`)
  }

  return {
    manifest: async (reference) => {
      const { body, headers } = await get(`manifests/${referenceText(reference)}`, manifestTypes)
      return { bytes: await readBounded(body, maxManifestSizeBytes, host), contentType: headers['content-type'] }
    },
    blob: async (digest) => (await get(`blobs/${digest}`, '*/*')).body,
  }
}

async function dial(
  outbound: Outbound,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<OpenedResponse> {
  try {
    return await outbound.open(url, { headers, signal })
  } catch (error) {
    if (error instanceof OutboundError) throw new ImportError('source', error.message, { cause: error })
    throw error
  }
}

function basicHeader({ username, password }: ImportCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

async function readBounded(body: Readable, limitBytes: number, host: string): Promise<Uint8Array> {
  return readResponse(body, host, limitBytes).catch((error: unknown) => {
    const isTooLarge = error instanceof OutboundError && error.failure === 'too-large'
    throw isTooLarge ? new ImportError('limit', error.message, { cause: error }) : error
  })
}
