import { plainReason } from '@acrux/server/plain-reason'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { text as readText } from 'node:stream/consumers'
import type { MachineEnrollment } from '@acrux/server/machine-protocol'
import { CommandFailure, exitCodes } from './failure.ts'
import { enrollmentProof, newPrivateKey } from './machine-key.ts'
import { type MachineState, requireWritable, writeState } from './machine-state.ts'
import { type ServerAnswer, postForm } from './server-request.ts'

export type EnrollOptions = {
  readonly server: string
  /** `-` for the first line of the standard input. */
  readonly code: string
  readonly ca?: string
  readonly stateDir: string
}

/** Enrolls this machine: makes a key here, and has the server put it in the place of any that the machine had. @throws CommandFailure */
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

/** The base URL of a server. The code and the tokens are worth stealing, so that plain HTTP is for this machine alone. */
function requireServer(text: string): string {
  const url = URL.parse(text)
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)
  if (url === null || !isSafe || url.username !== '' || url.search !== '' || url.pathname !== '/') {
    throw new CommandFailure(
      `${text} is not the URL of a server`,
      exitCodes.usage,
      'use https://HOST or https://HOST:PORT; http:// works only for this machine',
    )
  }
  return url.origin
}

async function requireAuthority(file: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8')
    // A file in which nothing is a certificate would be taken in silence, and then trust nobody.
    if (new X509Certificate(pem).raw.length === 0) throw new Error('it is empty')
    return pem
  } catch (error) {
    throw new CommandFailure(
      `the certificate authority ${file} cannot be used: ${plainReason(error)}`,
      exitCodes.usage,
      'name a PEM file with the certificate of the authority that signed the server certificate',
      { cause: error },
    )
  }
}

function requireEnrollment({ status, body }: ServerAnswer, server: string): MachineEnrollment {
  if (status !== 200) {
    const { error_description: description } = body
    const [line = ''] = typeof description === 'string' ? description.split(/[\r\n]/) : []
    // Whatever answers is not to write to this terminal as it likes.
    const said = line.slice(0, 512).replaceAll(/[^ -~]/g, '?')
    throw new CommandFailure(
      `the server ${server} did not enroll this machine: ${said === '' ? `status ${status}` : said}`,
      exitCodes.refused,
      'get a new code; a code works once, for 15 minutes',
    )
  }
  const read = (name: keyof MachineEnrollment): string => {
    const value = body[name]
    if (typeof value === 'string' && value !== '') return value
    throw new CommandFailure(
      `the server ${server} returned a response without ${name}`,
      exitCodes.unreachable,
      'check that it is an Acrux server, of this version or a later one',
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
