import { createHash, randomBytes } from 'node:crypto'
import { secretEquals } from '../platform/keys/sealing.ts'

const idPattern = /^[A-Za-z0-9_-]{43}$/

/** A new name for a browser or a session: 256 random bits. */
export function newId(): string {
  return randomBytes(32).toString('base64url')
}

/** The id that a cookie holds; undefined for what {@link newId} cannot have made. */
export function parseId(value: string | undefined): string | undefined {
  return value !== undefined && idPattern.test(value) ? value : undefined
}

/** What is stored of an id. */
export function hashId(id: string): string {
  return createHash('sha256').update(id).digest('hex')
}

/**
 * What every form of a browser carries. It follows from the browser's cookie, which no other site can read or set, so that
 * nobody else can make a form that is accepted, one that signs a person in as somebody else included.
 */
export function formToken(browser: string): string {
  return createHash('sha256').update(`form of ${browser}`).digest('base64url')
}

/** Whether a form came from a page that this browser was given. */
export function isFormToken(browser: string, token: string): boolean {
  return secretEquals(formToken(browser), token)
}

/**
 * Whether a request that changes something was sent by one of our own pages. Since no page tells where somebody came from,
 * browsers may say `null` of its origin; what they say of the site cannot be changed by a script. [Fetch Metadata §2.2]
 */
export function isFromOurPage(
  publicOrigin: string,
  headers: { readonly origin?: string | undefined; readonly 'sec-fetch-site'?: string | string[] | undefined },
): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin === publicOrigin) return site === undefined || site === 'same-origin'
  return (origin === undefined || origin === 'null') && site === 'same-origin'
}
