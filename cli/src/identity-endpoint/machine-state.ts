import { plainReason, systemErrorCode } from '@acrux/server/plain-reason'
import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { MachineEnrollment } from '@acrux/server/machine-protocol'
import { CommandFailure, exitCodes } from './failure.ts'
import { UnusableFileError, readPrivateFile, writePrivateFile } from './private-file.ts'

/** All that a machine keeps: what it is called, where it asks for tokens, and the key that never leaves it. */
export type MachineState = MachineEnrollment & {
  /** The base URL by which this machine reaches the server. */
  readonly server: string
  /** The authority to trust, as PEM text; the system's where there is none. */
  readonly ca: string | undefined
  /** PKCS #8 as PEM text. */
  readonly privateKey: string
}

const longestStateBytes = 256 * 1024

/** Where a machine's state is kept: with the system's, for root, or the user's own. */
export function defaultStateDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/acrux-identity'
  const base = process.env['XDG_STATE_HOME'] ?? path.join(homedir(), '.local', 'state')
  return path.join(base, 'acrux-identity')
}

/** The file in which the header of the App Service shape is kept, unless it is told otherwise. */
export function defaultHeaderFile(stateDir: string): string {
  return path.join(stateDir, 'identity-header')
}

/** Keeps the state, in place of what was there, whole or not at all. @throws CommandFailure */
export async function writeState(stateDir: string, state: MachineState): Promise<void> {
  try {
    await writePrivateFile(stateFile(stateDir), `${JSON.stringify(state, undefined, 2)}\n`)
  } catch (error) {
    throw new CommandFailure(
      `${stateFile(stateDir)} cannot be written: ${plainReason(error)}`,
      exitCodes.notEnrolled,
      'name a directory that this user can write with --state-dir',
      { cause: error },
    )
  }
}

/** Whether a state could be written there: asked before a code is used up. @throws CommandFailure */
export async function requireWritable(stateDir: string): Promise<void> {
  const probe = path.join(stateDir, 'probe')
  try {
    await writePrivateFile(probe, '')
    await rm(probe, { force: true })
  } catch (error) {
    throw new CommandFailure(
      `${stateDir} cannot be written: ${plainReason(error)}`,
      exitCodes.usage,
      'name a directory that this user can write with --state-dir',
      { cause: error },
    )
  }
}

/** @throws CommandFailure where the machine was not enrolled, or its file is not as it was written */
export async function readState(stateDir: string): Promise<MachineState> {
  const file = stateFile(stateDir)
  const text = await readPrivateFile(file, longestStateBytes).catch((error: unknown) => {
    const reason = error instanceof UnusableFileError ? error.message : `${file}: ${plainReason(error)}`
    throw new CommandFailure(reason, exitCodes.notEnrolled, 'put it right, or enroll this machine anew', {
      cause: error,
    })
  })
  if (text === undefined) {
    throw new CommandFailure(
      `this machine is not enrolled: there is no ${file}`,
      exitCodes.notEnrolled,
      'get a code for it from the server, then: acrux identity-endpoint enroll --server URL --code CODE',
    )
  }
  const state = parseState(text)
  if (state !== undefined) return state
  throw new CommandFailure(`${file} is damaged`, exitCodes.notEnrolled, 'enroll this machine anew')
}

/** Removes the key, and all else that was kept. Whether there was one. */
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
    const isWhole = texts.every((name) => typeof Reflect.get(value, name) === 'string')
    const ca: unknown = Reflect.get(value, 'ca')
    return isWhole && (ca === undefined || typeof ca === 'string') ? (value as MachineState) : undefined
  } catch {
    return undefined
  }
}
