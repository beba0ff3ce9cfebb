import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'

/** The principal that the credential of a request names. The server has not verified the credential. */
export type PresentedPrincipal = {
  /**
   * The object id; `admin`, `token:NAME` or `anonymous`; otherwise the user name or the client id in the request. Null if the
   * request names no principal.
   */
  readonly name: string | null
  /** Every name by which a fault can match the principal: object id, client id, user principal name, name of a scoped token. */
  readonly names: readonly string[]
}

const nobody: PresentedPrincipal = { name: null, names: [] }
const maxNameLength = 256

/** The principal of the `Authorization` header or of a form. Secrets are never returned. */
export function presentedPrincipal(authorization: string | undefined, form: Form | undefined): PresentedPrincipal {
  const header = parseAuthorization(authorization)
  if (header.scheme === 'bearer') return principalOfToken(header.token) ?? nobody
  if (header.scheme === 'basic') return principalOfUser(header.username, header.password)
  return form === undefined ? nobody : principalOfForm(form)
}

function principalOfForm(form: Form): PresentedPrincipal {
  const field = (name: string) => form.get(name)?.[0] ?? ''
  const username = field('username')
  if (username !== '') return principalOfUser(username, field('password'))
  const tokens = [field('access_token'), field('refresh_token'), field('assertion')]
  const found = tokens.flatMap((token) => principalOfToken(token) ?? [])[0]
  return found ?? named([field('client_id')])
}

function principalOfUser(username: string, password: string): PresentedPrincipal {
  // The password of the null-GUID user is a refresh token.
  if (username === nullGuid) return principalOfToken(password) ?? nobody
  return named([username, `token:${username}`])
}

type Claims = Readonly<Record<string, unknown>>

/** The claims of a token; undefined if the text is not a token with claims. */
function principalOfToken(token: string): PresentedPrincipal | undefined {
  const claims = claimsOf(token)
  if (claims === undefined) return undefined
  const { sub, oid, appid, azp, upn, preferred_username: preferred, acrux } = claims
  const { credential } = asClaims(acrux)
  const { k: kind, o: objectId, a: appId } = asClaims(credential)
  const others = [oid, objectId, sub, appid, appId, azp, upn, preferred]
  switch (kind) {
    case 'anonymous':
    case 'admin':
      return named([kind, ...others])
    case 'token':
      return named([`token:${String(sub)}`, ...others])
    default:
      return named(others)
  }
}

function named(names: readonly unknown[]): PresentedPrincipal {
  const texts = names.filter((name) => typeof name === 'string' && name !== '').map((name) => String(name))
  const cut = [...new Set(texts.map((name) => name.slice(0, maxNameLength)))]
  return { name: cut[0] ?? null, names: cut }
}

function claimsOf(token: string): Claims | undefined {
  const [, payload] = token.split('.', 3)
  if (payload === undefined) return undefined
  try {
    return asClaims(JSON.parse(Buffer.from(payload, 'base64url').toString()))
  } catch {
    return undefined
  }
}

function asClaims(value: unknown): Claims {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
