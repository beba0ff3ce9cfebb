import { spawn } from 'node:child_process'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { plainReason } from '@acrux/server/plain-reason'
import { failure } from '../command/failure.ts'
import { isRecord } from '../command/output/sorted-keys.ts'
import { configDirectory } from './config-directory.ts'
import { openJsonFile } from './json-file.ts'
import { locked } from './locked.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A token that can be used until it expires. */
export type CachedToken = { readonly token: string; readonly expiresAtMs: number }

/** The secrets of one sign-in. */
export type Secrets = {
  readonly refreshToken?: string
  readonly clientSecret?: string
  readonly federatedToken?: string
  /** By what they are for. */
  readonly tokens?: Readonly<Record<string, CachedToken>>
}

/** Where the secrets of sign-ins are. Changes by several processes do not overwrite each other. */
export type SecretStore = {
  readonly read: (signInId: string) => Promise<Secrets>
  /** Deletes the secrets if `change` returns undefined. */
  readonly change: (signInId: string, change: (secrets: Secrets) => Secrets | undefined) => Promise<void>
}

/** Secrets that no other process sees: a sign-in is stored only after it has succeeded. */
export function secretsInMemory(initial: Secrets): SecretStore & { readonly current: () => Secrets } {
  let secrets = initial
  return {
    current: () => secrets,
    read: () => Promise.resolve(secrets),
    change: (_id, change) => {
      secrets = change(secrets) ?? {}
      return Promise.resolve()
    },
  }
}

/** The stores: a file of this user, or the Secret Service of the desktop. */
export type SecretStoreKind = 'file' | 'secret-service'

/** Opens a store. */
export function openSecretStore(kind: SecretStoreKind, env: Environment): SecretStore {
  return kind === 'file' ? openSecretFile(env) : openSecretService(env)
}

type SecretFile = { readonly version: 1; readonly signIns: Readonly<Record<string, Secrets>> }

function parseSecretFile(value: unknown): SecretFile | undefined {
  if (value === undefined) return { version: 1, signIns: {} }
  const isValid =
    isRecord(value) &&
    value['version'] === 1 &&
    isRecord(value['signIns']) &&
    Object.values(value['signIns']).every(isRecord)
  return isValid ? (value as SecretFile) : undefined
}

function openSecretFile(env: Environment): SecretStore {
  const file = openJsonFile(
    path.join(configDirectory(env), 'secrets.json'),
    parseSecretFile,
    'delete it, and sign in again with acrux login',
  )
  return {
    read: async (id) => (await file.read()).signIns[id] ?? {},
    change: async (id, change) => {
      await file.change(({ version, signIns: { [id]: present = {}, ...others } }) => {
        const changed = change(present)
        return { version, signIns: changed === undefined ? others : { ...others, [id]: changed } }
      })
    },
  }
}

const helper = 'docker-credential-secretservice'

/** The address under which the Secret Service has the secrets of a sign-in. */
function addressOf(signInId: string): string {
  return `https://acrux.invalid/${signInId}`
}

function openSecretService(env: Environment): SecretStore {
  const read = async (id: string): Promise<Secrets> => {
    const { code, output } = await runHelper('get', addressOf(id), env)
    if (code !== 0) {
      if (/not found/i.test(output)) return {}
      throw failure(`the Secret Service failed: ${output.trim()}`, 'unlock the keyring, or sign in again')
    }
    const secrets = parseSecrets(output)
    if (secrets === undefined) throw failure('the Secret Service returned malformed secrets', 'sign in again')
    return secrets
  }
  return {
    read,
    change: (id, change) =>
      locked(configDirectory(env), async () => {
        const changed = change(await read(id))
        const input =
          changed === undefined
            ? addressOf(id)
            : JSON.stringify({ ServerURL: addressOf(id), Username: 'acrux', Secret: JSON.stringify(changed) })
        const { code, output } = await runHelper(changed === undefined ? 'erase' : 'store', input, env)
        if (code !== 0 && changed !== undefined)
          throw failure(`the Secret Service did not store the secrets: ${output.trim()}`, 'unlock the keyring')
      }),
  }
}

function parseSecrets(output: string): Secrets | undefined {
  try {
    const entry: unknown = JSON.parse(output)
    const secrets: unknown = isRecord(entry) ? JSON.parse(String(entry['Secret'])) : undefined
    return isRecord(secrets) ? secrets : undefined
  } catch {
    return undefined
  }
}

/** The store for new sign-ins: the Secret Service if its helper is installed and a desktop session answers. */
export async function chooseSecretStore(env: Environment): Promise<SecretStoreKind> {
  if (env['ACRUX_SECRET_STORE'] === 'file' || (env['DBUS_SESSION_BUS_ADDRESS'] ?? '') === '') return 'file'
  try {
    return (await runHelper('list', '', env)).code === 0 ? 'secret-service' : 'file'
  } catch {
    return 'file'
  }
}

/** Runs the helper. Its input and output are the secrets, never its arguments. [docker-credential-helpers protocol] */
async function runHelper(
  action: 'get' | 'store' | 'erase' | 'list',
  input: string,
  env: Environment,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(helper, [action], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 10_000,
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  try {
    const [output, code] = await Promise.all([text(child.stdout), ended])
    return { code, output }
  } catch (error) {
    throw failure(`${helper} cannot be run: ${plainReason(error)}`, undefined, error)
  }
}
