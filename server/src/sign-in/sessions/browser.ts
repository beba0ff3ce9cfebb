import { hash } from 'node:crypto'
import { secretEquals } from '../../platform/keys/sealing.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/**
 * The token in every form of a browser. It is derived from the browser's cookie, which no other site can read or set.
 * Therefore, no other site can create a form that is accepted, such as one that signs a person in as another person.
 */
export function formToken(browser: string): string {
  return hash('sha256', `form of ${browser}`, 'base64url')
}

/** Whether a form comes from a page that was sent to this browser. */
export function isFormToken(browser: string, token: string): boolean {
  return secretEquals(formToken(browser), token)
}

/**
 * Whether one of our pages sent a request that changes something. Our pages send no referrer, so browsers may send `null` as
 * the origin. A script cannot change `Sec-Fetch-Site`. [Fetch Metadata §2.2]
 */
export function isFromOurPage(
  publicOrigin: PublicOrigin,
  headers: { readonly origin?: string | undefined; readonly 'sec-fetch-site'?: string | string[] | undefined },
): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin === String(publicOrigin)) return site === undefined || site === 'same-origin'
  return (origin === undefined || origin === 'null') && site === 'same-origin'
}
