import path from 'node:path'
import { openJsonFile } from '../../framework/files/json-file.ts'
import { configDirectory } from '../../framework/profile/profile.ts'
import { isRecord } from '../../framework/values/record.ts'
import type { SecretStore, Secrets } from '../tokens/secrets.ts'

type Environment = Readonly<Record<string, string | undefined>>

export function acrTokenName(tenantId: string, loginServer: string): string {
  return `acr ${tenantId} ${loginServer}`
}

/** Holds secrets in memory until a sign-in succeeds. Other processes do not see these secrets. */
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
type SecretStoreKind = 'file' | 'secret-service'

/** Opens a store. */
export function openSecretStore(kind: SecretStoreKind, env: Environment): SecretStore {
  if (kind === 'file') return openSecretFile(env)
  // This module is loaded on first use, because the credential helper must start fast.
  const service = async () => (await import('./secret-service.ts')).openSecretService(env)
  return {
    read: async (id) => (await service()).read(id),
    change: async (id, change) => (await service()).change(id, change),
  }
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
    'delete the file, and sign in again with acrux login',
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

/** The store for new sign-ins: the Secret Service if its helper is installed and a desktop session answers. */
export async function chooseSecretStore(env: Environment): Promise<SecretStoreKind> {
  if (env['ACRUX_SECRET_STORE'] === 'file' || (env['DBUS_SESSION_BUS_ADDRESS'] ?? '') === '') return 'file'
  try {
    return (await (await import('./secret-service.ts')).isSecretServiceRunning(env)) ? 'secret-service' : 'file'
  } catch {
    return 'file'
  }
}
