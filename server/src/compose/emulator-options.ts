import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { isLoopback, parseListenAddressOrFreePort, parsePublicHost } from '../configuration/index.ts'
import { ClockInputError, requireTime } from '../emulator/index.ts'
import { readSettingFile } from '../platform/files/setting-file.ts'
import type { ListenAddress } from '../platform/http/acceptor.ts'

/** The options of `acrux emulator`, as the user writes the options. */
export type EmulatorFlags = {
  readonly listen?: string
  readonly seed?: readonly string[]
  readonly caCert?: string
  readonly caKey?: string
  readonly http?: boolean
  readonly publicHost?: string
  readonly clock?: string
  readonly realism?: 'instant' | 'azure'
  readonly control?: string
  readonly controlToken?: string
  readonly allowNetwork?: boolean
}

/** The options of an emulator after validation. Paths are absolute. */
export type EmulatorSettings = {
  readonly listen: ListenAddress
  readonly control: ListenAddress
  readonly controlToken: string
  readonly seedFiles: readonly string[]
  readonly ca: { readonly certFile: string; readonly keyFile: string } | undefined
  readonly http: boolean
  readonly publicHost: string | undefined
  /** Where the clock starts, in milliseconds since the epoch; undefined for real time. */
  readonly startsAtMs: number | undefined
  readonly realism: 'instant' | 'azure'
  /** Whether another machine can reach the emulator. */
  readonly isOnNetwork: boolean
}

/** Validates the options of an emulator. @throws StartupError */
export async function readEmulatorSettings(
  flags: EmulatorFlags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<EmulatorSettings> {
  denyProduction(env)
  const listen = requireAddress('--listen', flags.listen ?? '127.0.0.1:0')
  const control = requireAddress('--control', flags.control ?? '127.0.0.1:0')
  const isOnNetwork = !isLoopback(listen) || !isLoopback(control)
  if (isOnNetwork && flags.allowNetwork !== true) {
    throw wrong(
      `${isLoopback(listen) ? '--control' : '--listen'}: other machines can reach this address, and the secrets of an emulator are public`,
      'use a loopback address, or add --allow-network in a private network',
    )
  }
  if (!isLoopback(control) && flags.controlToken === undefined) {
    throw wrong('--control: an address that is not loopback requires a token', 'add --control-token @FILE')
  }
  return {
    listen,
    control,
    controlToken: await readToken(flags.controlToken),
    seedFiles: (flags.seed ?? []).map((file) => path.resolve(file)),
    ca: requireAuthorityFiles(flags),
    http: flags.http === true,
    publicHost: requirePublicHost(flags.publicHost),
    startsAtMs: requireStart(flags.clock),
    realism: flags.realism ?? 'instant',
    isOnNetwork,
  }
}

/** An emulator stores nothing permanently, so settings that name a place for its data are mistakes. */
function denyProduction(env: Readonly<Record<string, string | undefined>>): void {
  const isSet = (name: string) => /^ACRUX_(?:DATABASE|STORAGE|TLS_ACME)/.test(name) && (env[name] ?? '') !== ''
  const name = Object.keys(env).find(isSet)
  if (name === undefined) return
  throw wrong(`${name} is set, but an emulator uses no database, object store or ACME provider`, `unset ${name}`)
}

/** Port 0 is any free port. */
function requireAddress(flag: string, text: string): ListenAddress {
  const address = parseListenAddressOrFreePort(text)
  if (address === undefined) throw wrong(`${flag}: must be HOST:PORT, not ${text}`, 'write such as 127.0.0.1:0')
  return address
}

/** A host without a port gets the port of the emulator. `from-request` is not a host. */
function requirePublicHost(text: string | undefined): string | undefined {
  const isHost = text === undefined || text === 'from-request' || [text, `${text}:1`].some(parsePublicHost)
  if (isHost) return text
  throw wrong(`--public-host: must be a host, or from-request, not ${text}`, 'write such as registry.test')
}

function requireAuthorityFiles({ caCert, caKey, http }: EmulatorFlags): EmulatorSettings['ca'] {
  if (caCert === undefined && caKey === undefined) return undefined
  if (caCert === undefined || caKey === undefined) {
    throw wrong('a certificate authority requires a certificate and a key', 'set --ca-cert and --ca-key')
  }
  if (http === true) throw wrong('HTTP uses no certificate', 'omit --http, or omit --ca-cert and --ca-key')
  return { certFile: path.resolve(caCert), keyFile: path.resolve(caKey) }
}

function requireStart(text: string | undefined): number | undefined {
  try {
    return text === undefined ? undefined : requireTime('--clock', text)
  } catch (error) {
    if (error instanceof ClockInputError) throw wrong(error.message, 'write such as 2027-01-01T00:00:00Z')
    throw error
  }
}

async function readToken(flag: string | undefined): Promise<string> {
  if (flag === undefined) return randomBytes(32).toString('base64url')
  if (!flag.startsWith('@')) {
    throw wrong('--control-token: must be @FILE, because other users can read the arguments of a process', 'use a file')
  }
  const token = (await readSettingFile(path.resolve(flag.slice(1)), false)).replace(/\r?\n$/, '')
  if (/^[A-Za-z0-9\-._~+/]{16,512}=*$/.test(token)) return token
  throw wrong(
    '--control-token: the file contains no bearer token',
    'write a token of at least 16 characters into the file, such as the output of openssl rand -base64 32',
  )
}

function wrong(message: string, nextStep: string): StartupError {
  return new StartupError(message, exitCodes.configuration, nextStep)
}
