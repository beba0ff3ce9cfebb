import { hkdfSync } from 'node:crypto'
import { ShellCommandError, runShellCommand } from '../process/shell-command.ts'
import type { MasterKeySource } from './master-key-source.ts'
import { SealedValueError, UnreadableKeyError, keySizeBytes, readMasterKeyFile, sealerOfKey } from './sealing.ts'

/** The master key: it wraps the data key, which seals all other secrets. */
export type MasterKey = {
  /** Its kind of wrapped keys. */
  readonly kind: 'local' | 'command'
  /** For messages, such as `the master key /etc/acrux/master.key`. */
  readonly name: string
  readonly wrap: (dataKey: Uint8Array) => Promise<Buffer>
  /** Undefined if another key wrapped it. @throws UnreadableKeyError if the command fails */
  readonly unwrap: (wrapped: Uint8Array) => Promise<Buffer | undefined>
  /** The master key itself, which is the data key of a database without wrapped keys; undefined for a command. */
  readonly direct: Buffer | undefined
}

/** How long the command may take. */
const commandMs = 30_000
/** The length of what the command prints. */
const maxWrappedBytes = 2048

/** Opens the master key, which must exist. @throws UnreadableKeyError */
export async function openMasterKey(source: MasterKeySource): Promise<MasterKey> {
  switch (source.kind) {
    case 'file': {
      const key = await readMasterKeyFile(source.file)
      if (key === undefined) throw missingFile(source.file)
      return localMasterKey(key, `the master key ${source.file}`)
    }
    case 'env':
      return localMasterKey(readVariable(source.variable), `the master key in the variable ${source.variable}`)
    case 'exec':
      return commandMasterKey(source.command)
  }
}

/** A master key whose bytes are known. */
export function localMasterKey(key: Buffer, name: string): MasterKey {
  // The master key itself may be the data key, and no key should encrypt itself.
  const wrapping = sealerOfKey(Buffer.from(hkdfSync('sha256', key, '', 'acrux data key', keySizeBytes)))
  return {
    kind: 'local',
    name,
    direct: key,
    wrap: async (dataKey) => wrapping.seal(dataKey, 'data-key'),
    unwrap: async (wrapped) => {
      try {
        return wrapping.open(wrapped, 'data-key')
      } catch (error) {
        if (error instanceof SealedValueError) return undefined
        throw error
      }
    },
  }
}

function commandMasterKey(command: string): MasterKey {
  const unwrap = async (wrapped: Uint8Array) => {
    const dataKey = await runKeyCommand(command, 'unwrap', wrapped)
    if (dataKey.length === keySizeBytes) return dataKey
    throw unusableCommand('unwrap', `printed ${dataKey.length} bytes, not ${keySizeBytes}`)
  }
  return {
    kind: 'command',
    name: 'the command in masterKey',
    direct: undefined,
    unwrap,
    wrap: async (dataKey) => {
      const wrapped = await runKeyCommand(command, 'wrap', dataKey)
      if (wrapped.length === 0) throw unusableCommand('wrap', 'printed nothing')
      // A key that cannot be unwrapped later would make everything that it seals unreadable.
      if (!(await unwrap(wrapped)).equals(dataKey)) throw unusableCommand('unwrap', 'printed another key')
      return wrapped
    },
  }
}

/** The operation is the last argument, and the key is the standard input: other users can see arguments. */
async function runKeyCommand(command: string, operation: 'wrap' | 'unwrap', input: Uint8Array): Promise<Buffer> {
  const options = { input, timeoutMs: commandMs, maxOutputBytes: maxWrappedBytes }
  return runShellCommand(`${command} ${operation}`, options).catch((error: unknown) => {
    if (error instanceof ShellCommandError) throw unusableCommand(operation, error.message)
    throw error
  })
}

function unusableCommand(operation: string, problem: string): UnreadableKeyError {
  return new UnreadableKeyError(
    `the command in masterKey ${problem} when the server called the command with ${operation}`,
    'run this command in a shell, as the user that runs the server',
  )
}

function readVariable(variable: string): Buffer {
  const text = process.env[variable]?.trim() ?? ''
  const key = Buffer.from(text, 'base64')
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text) && key.length === keySizeBytes) return key
  throw new UnreadableKeyError(
    `the variable ${variable} ${text === '' ? 'with the master key is not set' : 'contains no master key'}`,
    `set the variable to ${keySizeBytes} random bytes in base64, such as the output of openssl rand -base64 ${keySizeBytes}`,
  )
}

function missingFile(file: string): UnreadableKeyError {
  return new UnreadableKeyError(
    `the master key ${file} is missing, and the server cannot read encrypted data without the master key`,
    'restore the key from a backup, or set masterKey to the key of the other servers of this database',
  )
}
