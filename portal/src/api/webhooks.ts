import { readJson, send } from './client.ts'
import type { AuditChain, AuditWebhook, AuditWebhookList, AuditWebhookSecret } from './types.ts'

const version = 'api-version=2024-11-01'

function serverPath(subscription: string, name: string): string {
  return `arm${subscription}/providers/Acrux.Server/${name}?${version}`
}

/** The end of the hash chain of the audit log. */
export async function readAuditChain(subscription: string, signal: AbortSignal): Promise<AuditChain> {
  return (await readJson<AuditChain>(serverPath(subscription, 'auditChain'), { signal })).body
}

/** The webhooks of the audit log. */
export async function listWebhooks(subscription: string, signal: AbortSignal): Promise<readonly AuditWebhook[]> {
  return (await readJson<AuditWebhookList>(serverPath(subscription, 'auditWebhooks'), { signal })).body.value
}

/** The settings of a webhook. */
export type WebhookSettings = Pick<AuditWebhook['properties'], 'status' | 'filter'> & {
  /** Without it, the address of the webhook stays. */
  readonly serviceUri?: string
}

/** Creates a webhook, or replaces its settings. The answer to the first has the secret. */
export async function putWebhook(
  subscription: string,
  name: string,
  properties: WebhookSettings,
): Promise<AuditWebhook> {
  const path = serverPath(subscription, `auditWebhooks/${encodeURIComponent(name)}`)
  return (await readJson<AuditWebhook>(path, { method: 'PUT', body: { properties } })).body
}

/** Creates a new secret. */
export async function rotateSecret(subscription: string, name: string): Promise<string> {
  const path = serverPath(subscription, `auditWebhooks/${encodeURIComponent(name)}/rotateSecret`)
  return (await readJson<AuditWebhookSecret>(path, { method: 'POST' })).body.secret
}

/** Deletes a webhook. */
export async function deleteWebhook(subscription: string, name: string): Promise<void> {
  await send(serverPath(subscription, `auditWebhooks/${encodeURIComponent(name)}`), { method: 'DELETE' })
}
