import { createHmac, randomBytes } from 'node:crypto'

const prefix = 'whsec_'

/** A new secret for signatures: 256 random bits in the format of Standard Webhooks. */
export function newWebhookSecret(): string {
  return `${prefix}${randomBytes(32).toString('base64')}`
}

type Delivery = { readonly id: string; readonly timestampSeconds: number; readonly body: string }

/**
 * The signature headers of a delivery: HMAC-SHA256 over the id, time and body of the delivery, with each secret.
 * [Standard Webhooks, Signature scheme]
 */
export function signatureHeaders(
  { id, timestampSeconds, body }: Delivery,
  secrets: readonly string[],
): Record<string, string> {
  const sign = (secret: string) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`
  }
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': secrets.map(sign).join(' '),
  }
}
