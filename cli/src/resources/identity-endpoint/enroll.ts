import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { text as readText } from 'node:stream/consumers'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { MachineEnrollment } from '@acrux/shared/wire/machine-protocol.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { exitCodes } from './exit-codes.ts'
import { enrollmentProof, newPrivateKey } from './machine-key.ts'
import { type MachineState, requireWritable, writeState } from './machine-state.ts'
import { type ServerAnswer, postForm } from './server-request.ts'

export type EnrollOptions = {
  readonly server: string
  /** `-` for the first line of stdin. */
  readonly code: string
  readonly ca?: string
  readonly stateDir: string
}

/**
 * Enrolls this machine: creates a key on this machine and registers the key with the server. The key replaces an
 * earlier key. @throws CommandFailure
 */
export async function enroll(options: EnrollOptions): Promise<MachineState> {
  const server = requireServer(options.server)
  const ca = options.ca === undefined ? undefined : await requireAuthority(options.ca)
  const code = (options.code === '-' ? ((await readText(process.stdin)).split('\n')[0] ?? '') : options.code).trim()
  await requireWritable(options.stateDir)
  const privateKey = newPrivateKey()
  const form = { code, proof: enrollmentProof(privateKey, code) }
  const enrollment = requireEnrollment(await postForm(new URL(`${server}/common/machines/enroll`), form, ca), server)
  const state = { ...enrollment, server, ca, privateKey }
  await writeState(options.stateDir, state)
  return state
}

/**
 * The base URL of a server. Codes and tokens are secrets, so plain HTTP is allowed only for connections to this
 * machine.
 */
function requireServer(text: string): string {
  const url = URL.parse(text)
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)
  if (url === null || !isSafe || url.username !== '' || url.search !== '' || url.pathname !== '/') {
    throw new CommandFailure(
      `${text} is not a valid server URL`,
      exitCodes.usage,
      'use https://HOST or https://HOST:PORT; http:// is only allowed for this machine',
    )
  }
  return url.origin
}

async function requireAuthority(file: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8')
    // Without this check, a file without a certificate would be accepted, and then no server would be trusted.
    if (new X509Certificate(pem).raw.length === 0) throw new Error('the file is empty')
    return pem
  } catch (error) {
    throw new CommandFailure(
      `the certificate authority ${file} cannot be used: ${plainReason(error)}`,
      exitCodes.usage,
      'use a PEM file with the certificate authority that signed the server certificate',
      { cause: error },
    )
  }
}

function requireEnrollment({ status, body }: ServerAnswer, server: string): MachineEnrollment {
  if (status !== 200) {
    const { error_description: description } = body
    const [line = ''] = typeof description === 'string' ? description.split(/[\r\n]/) : []
    // The server's text must not control this terminal.
    const reason = line.slice(0, 512).replaceAll(/[^ -~]/g, '?')
    throw new CommandFailure(
      `the server ${server} did not enroll this machine: ${reason === '' ? `status ${status}` : reason}`,
      exitCodes.rejected,
      'request a new code; a code can be used only once, within 15 minutes',
    )
  }
  const read = (name: keyof MachineEnrollment): string => {
    const value = body[name]
    if (typeof value === 'string' && value !== '') return value
    throw new CommandFailure(
      `the server ${server} returned a response without ${name}`,
      exitCodes.unreachable,
      'check that the server is an Acrux server of this version or a later version',
    )
  }
  return {
    tenantId: read('tenantId'),
    tokenEndpoint: read('tokenEndpoint'),
    resourceId: read('resourceId'),
    clientId: read('clientId'),
    objectId: read('objectId'),
    keyId: read('keyId'),
  }
}
