import { type CookieWriter, createCookieWriter } from '../../platform/http/cookies.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The names and attributes of our cookies. */
export type CookieJar = Pick<CookieWriter, 'write' | 'remove'> & {
  readonly sessionName: string
  readonly browserName: string
  readonly knownName: string
}

/** Creates the cookies of the sign-in pages. The browser sends them with a link from another site, such as a client's. */
export function createCookieJar(publicOrigin: PublicOrigin): CookieJar {
  const { nameOf, write, remove } = createCookieWriter(publicOrigin, 'Lax')
  return {
    sessionName: nameOf('acrux-session'),
    browserName: nameOf('acrux-browser'),
    knownName: nameOf('acrux-known'),
    write,
    remove,
  }
}
