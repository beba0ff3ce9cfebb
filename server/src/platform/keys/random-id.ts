import { hash, randomBytes } from 'node:crypto'

const idPattern = /^[A-Za-z0-9_-]{43}$/

/** Creates an id of a browser or a session from 256 random bits. */
export function newId(): string {
  return randomBytes(32).toString('base64url')
}

/** Returns the id in a cookie, or undefined if {@link newId} cannot have created this id. */
export function parseId(value: string | undefined): string | undefined {
  return value !== undefined && idPattern.test(value) ? value : undefined
}

/** The hash of an id. Only the hash is stored. */
export function hashId(id: string): string {
  return hash('sha256', id, 'hex')
}
