import { hkdfSync } from 'node:crypto'
import { ShellCommandError, runShellCommand } from '../process/shell-command.ts'
import type { MasterKeySource } from './master-key-source.ts'
import { SealedValueError, UnreadableKeyError, keySizeBytes, readMasterKeyFile, sealerOfKey } from './sealing.ts'

/** The master key wraps the data key, which seals all other secrets. */
export type MasterKey = {
  /** The kind of the keys that this master key wraps. */
  readonly kind: 'local' | 'command'
  /** The name of the master key in messages, such as `the master key /etc/acrux/master.key`. */
  readonly name: string
  readonly wrap: (dataKey: Uint8Array) => Promise<Buffer>
  /**
   * Returns the data key. Returns undefined if another master key wrapped the data key. @throws UnreadableKeyError if
   * the command fails
   */
  readonly unwrap: (wrapped: Uint8Array) => Promise<Buffer | undefined>
  /**
   * The master key itself, which is the data key of a database without wrapped keys. Undefined if the source is a
   * command.
   */
  readonly direct: Buffer | undefined
}

/** The maximum time that the command may take. */
const commandMs = 30_000
/** The maximum length of the output of the command. */
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

/** Creates a master key from bytes that the server has read. */
export function localMasterKey(key: Buffer, name: string): MasterKey {
  // The master key itself may be the data key, and a key should not encrypt itself. A derived key therefore wraps the
  // data key.
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
      // If the command could not unwrap the key later, all values that the key seals would be unreadable.
      if (!(await unwrap(wrapped)).equals(dataKey)) throw unusableCommand('unwrap', 'printed another key')
      return wrapped
    },
  }
}

/**
 * Runs the command with the operation as the last argument and the key as standard input. The key is not an argument,
 * because other users can read the arguments of a process.
 */
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
