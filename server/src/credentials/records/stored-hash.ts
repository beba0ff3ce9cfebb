import { hash } from 'node:crypto'

/** The stored form of a secret that a machine generated: the SHA-256 of the secret as base64url. */
export function storedHash(secret: string): string {
  return hash('sha256', secret, 'base64url')
}
