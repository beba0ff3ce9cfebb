import type { Form } from '@acrux/shared/standards/http/form.ts'
import { type AccessScope, formatAccessScope, parseAccessScopes } from '@acrux/shared/standards/oauth/access-scope.ts'
import { refreshTokenSeconds } from '../tokens/acr-token-claims.ts'
import { TokenError } from './errors.ts'
import { withUntag } from './issue.ts'
import { field } from './token-request.ts'

/** The limits of a login that its owner asked for, in addition to the owner's permissions. */
export type Narrowing = {
  /** Undefined: everything that the owner may do. */
  readonly access: readonly AccessScope[] | undefined
  readonly lifeSeconds: number
}

/** A refresh token must fit into the credential stores of clients. [acr-protocol §13 trap 9] */
const maxScopes = 10
const maxScopeLength = 1024

/**
 * Parses `scope` and `expires_in` of an exchange: extensions of ACR, which narrow a login. Undefined if both are absent.
 *
 * @throws TokenError 400 if one is malformed: a login that is wider than requested would be a vulnerability
 */
export function requestedNarrowing(form: Form): Narrowing | undefined {
  const scopes = form.get('scope')
  const expiresIn = field(form, 'expires_in')
  if (scopes === undefined && expiresIn === undefined) return undefined
  return {
    access: scopes === undefined ? undefined : requireScopes(scopes),
    lifeSeconds: expiresIn === undefined ? refreshTokenSeconds : requireSeconds(expiresIn),
  }
}

function requireScopes(values: readonly string[]): AccessScope[] {
  const texts = values.flatMap((value) => value.split(' ')).filter((text) => text !== '')
  const isValid = texts.every((text) => {
    const [scope] = parseAccessScopes([text])
    const asked = text.slice(text.lastIndexOf(':') + 1).split(',')
    return scope !== undefined && scope.actions.length === new Set(asked).size
  })
  if (!isValid || texts.length === 0 || texts.length > maxScopes || texts.join(' ').length > maxScopeLength) {
    throw new TokenError(
      'BAD_REQUEST',
      `scope must be 1 to ${maxScopes} access scopes, such as repository:team/app:pull`,
    )
  }
  return withUntag(parseAccessScopes(texts))
}

function requireSeconds(text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (seconds < 1 || seconds > refreshTokenSeconds) {
    throw new TokenError('BAD_REQUEST', `expires_in must be 1 to ${refreshTokenSeconds} seconds`)
  }
  return seconds
}

/** The narrowing as the response and the audit event show it. */
export function narrowedScope(access: readonly AccessScope[]): string {
  return access
    .map(({ actions, ...scope }) =>
      formatAccessScope({ ...scope, actions: actions.filter((each) => each !== 'untag') }),
    )
    .join(' ')
}
