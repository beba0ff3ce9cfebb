import { hash } from 'node:crypto'

/** The stored form of a machine-made secret: base64url of its SHA-256. */
export function storedHash(secret: string): string {
  return hash('sha256', secret, 'base64url')
}
