import { readJson, send } from './client.ts'
import type { Backups, GarbageCollection, HostCertificates, Scrub, ServerSettings, ServerStatus } from './types.ts'

const version = 'api-version=2024-11-01'

function serverPath(subscription: string, name: string): string {
  return `arm${subscription}/providers/Acrux.Server/${name}?${version}`
}

/** The state of the server. */
export async function readStatus(subscription: string, signal: AbortSignal): Promise<ServerStatus> {
  return (await readJson<ServerStatus>(serverPath(subscription, 'status'), { signal })).body
}

/** The configuration in force. */
export async function listSettings(subscription: string, signal: AbortSignal): Promise<ServerSettings['value']> {
  const path = serverPath(subscription, 'listSettings')
  return (await readJson<ServerSettings>(path, { method: 'POST', signal })).body.value
}

/** The scrub that was requested last, and the background scrub. */
export async function readScrub(subscription: string, signal: AbortSignal): Promise<Scrub> {
  return (await readJson<Scrub>(serverPath(subscription, 'scrub'), { signal })).body
}

/** Starts to verify all content. */
export async function startScrub(subscription: string, repair: boolean): Promise<void> {
  await send(serverPath(subscription, 'scrub'), { method: 'POST', body: { repair } })
}

/** The garbage collection that began last, and the last complete one. */
export async function readCollection(subscription: string, signal: AbortSignal): Promise<GarbageCollection> {
  return (await readJson<GarbageCollection>(serverPath(subscription, 'garbageCollection'), { signal })).body
}

/** Starts a garbage collection, unless one is running. */
export async function startCollection(subscription: string): Promise<void> {
  await send(serverPath(subscription, 'garbageCollection'), { method: 'POST' })
}

/** The backup that was requested last, and the complete ones. */
export async function readBackups(subscription: string, signal: AbortSignal): Promise<Backups> {
  return (await readJson<Backups>(serverPath(subscription, 'backup'), { signal })).body
}

/** Starts a backup to the configured directory. */
export async function startBackup(subscription: string): Promise<void> {
  await send(serverPath(subscription, 'backup'), { method: 'POST' })
}

/** The certificate of each host. */
export async function listCertificates(subscription: string, signal: AbortSignal): Promise<HostCertificates> {
  return (await readJson<HostCertificates>(serverPath(subscription, 'certificates'), { signal })).body
}

/** Replaces the signing keys, or invalidates everything that they have signed. */
export async function changeKeys(subscription: string, act: 'rotate' | 'withdraw'): Promise<void> {
  await send(serverPath(subscription, `${act}SigningKeys`), { method: 'POST' })
}
