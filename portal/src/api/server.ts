import { readJson, send } from './client.ts'
import type { Scrub, ServerSettings, ServerStatus } from './types.ts'

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

/** Replaces the signing keys, or invalidates everything that they have signed. */
export async function changeKeys(subscription: string, act: 'rotate' | 'withdraw'): Promise<void> {
  await send(serverPath(subscription, `${act}SigningKeys`), { method: 'POST' })
}
