import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import tls from 'node:tls'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { WrongUsageError, failure } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { terminalLine } from '../../framework/terminal/terminal-text.ts'
import { parseServer } from '../../framework/values/server-host.ts'
import { type HttpClient, isUnknownAuthority, jsonOf } from '../http/http.ts'
import { httpClientOf } from '../session/account.ts'
import { findByOrigin, requireNameOf } from '../session/registered-clouds.ts'
import { cloudOfMetadata } from './cloud-metadata.ts'
import { fetchAuthority } from './server-authority.ts'

/** How a server is trusted. */
export type Trust = { readonly caFile: string | undefined; readonly isTrusted: boolean }

/**
 * The cloud of a server, by its host. If the authority of the certificate is unknown, acrux shows the fingerprint, and
 * the user must confirm the fingerprint. The function stores nothing, because only a successful sign-in makes a server
 * trusted.
 *
 * @throws CommandFailure if the server cannot be reached, is not trusted, or has the name of another server
 */
export async function selectServer(context: CommandContext, server: string, trust: Trust): Promise<Cloud> {
  const url = requireServer(server)
  const profile = await openProfile(context.env).read()
  const known = findByOrigin(profile, url.origin)
  const name = known?.name ?? url.host
  requireNameOf(profile, name, url.origin)
  const ca = trust.caFile === undefined ? known?.ca : await readAuthority(trust.caFile)
  const cloud = await describe(context, url, { ca, name, isTrusted: trust.isTrusted })
  if (cloud.endpoints.activeDirectory !== known?.endpoints.activeDirectory)
    await confirmSignInHost(context, url, { cloud, isTrusted: trust.isTrusted })
  return cloud
}

/** The URL of `HOST`, `HOST:PORT` or `https://HOST:PORT`. @throws WrongUsageError for other texts */
export function requireServer(text: string): URL {
  const host = parseServer(text)
  if (host === undefined) throw new WrongUsageError(`${text} is not HOST, HOST:PORT or a URL that begins with https://`)
  return new URL(`https://${host}`)
}

/**
 * Asks for a confirmation if the sign-in page is on another host. Otherwise, a server could name the sign-in page of
 * Azure, or of another server, and receive tokens that are valid for the other server.
 */
async function confirmSignInHost(
  { log, confirm }: CommandContext,
  { host }: URL,
  { cloud, isTrusted }: { readonly cloud: Cloud; readonly isTrusted: boolean },
): Promise<void> {
  const signInHost = new URL(cloud.endpoints.activeDirectory).host
  if (signInHost === host) return
  log.notice(`${host} uses the sign-in page at ${signInHost}, and receives the tokens of the sign-in`)
  await confirm(`Do you trust ${host} with the tokens of a sign-in at ${signInHost}?`, isTrusted)
}

type Wanted = { readonly ca: string | undefined; readonly name: string; readonly isTrusted: boolean }

async function describe(context: CommandContext, url: URL, { ca, name, isTrusted }: Wanted): Promise<Cloud> {
  const read = async (authority: string | undefined) => {
    const http = httpClientOf(context, authority === undefined ? {} : { ca: authority })
    return { ...(await fetchCloud(http, name, url.origin)), ...(authority !== undefined && { ca: authority }) }
  }
  try {
    return await read(ca)
  } catch (error) {
    if (!isUnknownAuthority(error)) throw error
    const authority = await fetchAuthority(context, url)
    const { fingerprint256, subject } = new X509Certificate(authority)
    context.log.notice(`the certificate authority of ${url.origin} is not known to this machine`)
    context.log.notice(`  subject:             ${terminalLine(subject.replaceAll('\n', ', '))}`)
    context.log.notice(`  SHA-256 fingerprint: ${fingerprint256}`)
    if (!context.isInteractive && !isTrusted)
      throw failure(
        'without a terminal, you cannot confirm that you trust this certificate authority',
        'compare the fingerprint with the fingerprint on the server, and then add --yes, or pass the certificate authority with --ca-file',
      )
    await context.confirm('Did the operator of the server give you this fingerprint?', isTrusted)
    return read(authority)
  }
}

/** Reads the description of a cloud from its Resource Manager. @throws CommandFailure with az's message. [az-cli-wire §1] */
export async function fetchCloud(http: HttpClient, name: string, resourceManager: string): Promise<Cloud> {
  return cloudOfMetadata(name, resourceManager, await fetchMetadata(http, resourceManager))
}

/** A server's description of itself, unchecked. @throws CommandFailure with az's message. [az-cli-wire §1] */
export async function fetchMetadata(http: HttpClient, server: string): Promise<unknown> {
  const url = `${server.replace(/\/+$/, '')}/metadata/endpoints?api-version=2022-09-01`
  const response = await http.send({ method: 'GET', url })
  if (response.status !== 200)
    throw failure(`Unable to get endpoints from the cloud.\nServer returned status code ${response.status} for ${url}`)
  return jsonOf(response)
}

/** Reads a certificate authority. @throws CommandFailure if the file contains no certificate authority */
export async function readAuthority(file: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8')
    // Without this check, a file without a certificate would be accepted, and then no server would be trusted.
    tls.createSecureContext({ ca: new X509Certificate(pem).toString() })
    return pem
  } catch (error) {
    throw failure(`the certificate authority ${file} cannot be used: ${plainReason(error)}`, 'use a PEM file', error)
  }
}
