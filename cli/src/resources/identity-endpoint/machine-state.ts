import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { MachineEnrollment } from '@acrux/shared/wire/machine-protocol.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { UnusableFileError, readPrivateFile, writePrivateFile } from '../../framework/files/private-file.ts'
import { exitCodes } from './exit-codes.ts'

/** The stored state of a machine: its ids, the address for token requests, and the private key. */
export type MachineState = MachineEnrollment & {
  /** The base URL at which this machine reaches the server. */
  readonly server: string
  /** The certificate authority to trust, as PEM. If undefined, the system's authorities are trusted. */
  readonly ca: string | undefined
  /** PKCS #8 as PEM. */
  readonly privateKey: string
}

const maxStateBytes = 256 * 1024

/** The default directory of the state: the system's for root, otherwise the user's. */
export function defaultStateDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/acrux-identity'
  const base = process.env['XDG_STATE_HOME'] ?? path.join(homedir(), '.local', 'state')
  return path.join(base, 'acrux-identity')
}

/** The default file of the value that programs send as `X-IDENTITY-HEADER`. */
export function defaultHeaderFile(stateDir: string): string {
  return path.join(stateDir, 'identity-header')
}

/** Replaces the stored state atomically. @throws CommandFailure */
export async function writeState(stateDir: string, state: MachineState): Promise<void> {
  try {
    await writePrivateFile(stateFile(stateDir), `${JSON.stringify(state, undefined, 2)}\n`)
  } catch (error) {
    throw new CommandFailure(
      `${stateFile(stateDir)} cannot be written: ${plainReason(error)}`,
      exitCodes.notEnrolled,
      'use --state-dir to set a directory that this user can write to',
      { cause: error },
    )
  }
}

/** Checks that the state can be written, before a code is used. @throws CommandFailure */
export async function requireWritable(stateDir: string): Promise<void> {
  const probe = path.join(stateDir, 'probe')
  try {
    await writePrivateFile(probe, '')
    await rm(probe, { force: true })
  } catch (error) {
    throw new CommandFailure(
      `${stateDir} cannot be written: ${plainReason(error)}`,
      exitCodes.usage,
      'use --state-dir to set a directory that this user can write to',
      { cause: error },
    )
  }
}

/** Reads the stored state. @throws CommandFailure if the machine is not enrolled or the file is damaged */
export async function readState(stateDir: string): Promise<MachineState> {
  const file = stateFile(stateDir)
  const text = await readPrivateFile(file, maxStateBytes).catch((error: unknown) => {
    const reason = error instanceof UnusableFileError ? error.message : `${file}: ${plainReason(error)}`
    throw new CommandFailure(reason, exitCodes.notEnrolled, 'correct the file, or enroll this machine again', {
      cause: error,
    })
  })
  if (text === undefined) {
    throw new CommandFailure(
      `this machine is not enrolled: ${file} does not exist`,
      exitCodes.notEnrolled,
      'request an enrollment code for the machine, then run acrux identity-endpoint enroll --server URL --code CODE',
    )
  }
  const state = parseState(text)
  if (state !== undefined) return state
  throw new CommandFailure(`${file} is damaged`, exitCodes.notEnrolled, 'enroll this machine again')
}

/** Deletes the key and all other stored data. Returns whether a key existed. */
export async function removeState(stateDir: string): Promise<boolean> {
  await rm(defaultHeaderFile(stateDir), { force: true })
  try {
    await rm(stateFile(stateDir))
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    throw error
  }
}

function stateFile(stateDir: string): string {
  return path.join(stateDir, 'machine.json')
}

const texts = ['server', 'tenantId', 'tokenEndpoint', 'resourceId', 'clientId', 'objectId', 'keyId', 'privateKey']

function parseState(text: string): MachineState | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const isComplete = texts.every((name) => typeof Reflect.get(value, name) === 'string')
    const ca: unknown = Reflect.get(value, 'ca')
    return isComplete && (ca === undefined || typeof ca === 'string') ? (value as MachineState) : undefined
  } catch {
    return undefined
  }
}
