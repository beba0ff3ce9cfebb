import { X509Certificate } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import type { TLSSocket } from 'node:tls'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { readResponse } from '../../clients/http/read-response.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { exitCodes } from './failure.ts'

/** The certificate of a certificate authority. */
export type Authority = {
  /** The certificate alone, in PEM. */
  readonly pem: string
  /** The SHA-256 fingerprint, as hexadecimal pairs separated by colons. */
  readonly fingerprint: string
  readonly subject: string
  readonly expires: Date
}

const maxBytes = 64 * 1024

const timeoutMs = 20_000

/**
 * Downloads the certificate authority of a server, `HOST` or `HOST:PORT`, from its `/ca.pem`. The connection is not
 * authenticated: compare the fingerprint before you trust the result.
 *
 * @throws CommandFailure if the server cannot be reached, or the server's certificate authority did not sign its
 * certificate
 */
export async function downloadAuthority(server: string): Promise<Authority> {
  const { status, text, certificate } = await download(server)
  if (status !== 200) {
    throw new CommandFailure(
      `${server} returned no certificate authority (status ${status} at /ca.pem)`,
      exitCodes.unreachable,
      'if a different certificate authority signed the certificate of the server, use --ca-file to name the file of this certificate authority',
    )
  }
  const authority = parseAuthority(text)
  if (authority === undefined) {
    throw new CommandFailure(
      `the response of ${server} at /ca.pem is not a certificate authority`,
      exitCodes.unreachable,
      'check the host and port',
    )
  }
  const { publicKey } = new X509Certificate(authority.pem)
  if (certificate?.verify(publicKey) !== true) {
    throw new CommandFailure(
      `the certificate authority in /ca.pem of ${server} did not sign the certificate that ${server} uses`,
      exitCodes.unreachable,
      'if clients reject this certificate, use --ca-file to name the file of the certificate authority that signed this certificate',
    )
  }
  return authority
}

/** Reads a certificate authority from a PEM file. @throws CommandFailure if the file contains none, or several certificates */
export async function readAuthority(file: string): Promise<Authority> {
  let text: string
  try {
    text = await readSmallFile(file)
  } catch (error) {
    const message = `the certificate authority ${file} cannot be read: ${plainReason(error)}`
    throw new CommandFailure(message, exitCodes.usage, 'check the path and the permissions of the file', {
      cause: error,
    })
  }
  const authority = parseAuthority(text)
  if (authority !== undefined) return authority
  throw new CommandFailure(
    `${file} is not a PEM file with exactly one certificate of a certificate authority`,
    exitCodes.usage,
    'use the file tls/ca.pem of the data directory of the server',
  )
}

async function readSmallFile(file: string): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const stats = await handle.stat()
    if (!stats.isFile() || stats.size > maxBytes) throw new Error('the file is not a PEM file')
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** Parses a text with one certificate, which must be the certificate of an authority. */
function parseAuthority(text: string): Authority | undefined {
  if (text.split('-----BEGIN CERTIFICATE-----').length !== 2) return undefined
  try {
    const certificate = new X509Certificate(text)
    if (!certificate.ca) return undefined
    const { fingerprint256: fingerprint, subject, validToDate: expires } = certificate
    return { pem: certificate.toString(), fingerprint, subject: subject.replaceAll('\n', ', '), expires }
  } catch {
    return undefined
  }
}

type Downloaded = {
  readonly status: number
  readonly text: string
  /** The certificate that the server used. */
  readonly certificate: X509Certificate | undefined
}

function download(server: string): Promise<Downloaded> {
  const url = new URL('/ca.pem', `https://${server}`)
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      const message = `the server ${server} cannot be reached: ${plainReason(error)}`
      const nextStep = 'check the host and port, and that the server is running'
      reject(new CommandFailure(message, exitCodes.unreachable, nextStep, { cause: error }))
    }
    const take = (response: IncomingMessage) => {
      const certificate = (response.socket as TLSSocket).getPeerX509Certificate()
      readResponse(response, maxBytes).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, text: bytes.toString(), certificate }),
        fail,
      )
    }
    // The person confirms the fingerprint instead. Nothing secret is sent.
    const options = { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(timeoutMs) }
    https.get(url, options, take).on('error', fail)
  })
}
