import { matchAcrPath } from '@acrux/shared/standards/azure/acr-path.ts'
import { parseForm } from '@acrux/shared/standards/http/form.ts'
import { parseAccessScopes } from '@acrux/shared/standards/oauth/access-scope.ts'
import { matchOciPath } from '@acrux/shared/standards/oci/oci-path.ts'
import { type PresentedPrincipal, presentedPrincipal } from './presented-principal.ts'

/** The surfaces that a fault can name. */
export const requestSurfaces = ['registry', 'token', 'exchange', 'arm', 'graph', 'login'] as const

export type RequestSurface = (typeof requestSurfaces)[number]

/** A request before it reaches a surface. */
export type IncomingRequest = {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  /** The body, if it is a form of usual size. */
  readonly form: string | undefined
}

/** What a request is about, as far as its headers and its form say. */
export type RequestFacts = {
  readonly method: string
  /** Without the query, which may contain secrets. */
  readonly path: string
  /** Undefined for the portal, and for the health and the authority of the server. */
  readonly surface: RequestSurface | undefined
  /** The repositories in the path, or in the access scopes that are requested from the token service. */
  readonly repositories: readonly string[]
  readonly principal: PresentedPrincipal
}

/** Reads what a request is about. */
export function readRequestFacts({ method, url, authorization, form: body }: IncomingRequest): RequestFacts {
  const [path = '', query = ''] = url.split('?', 2)
  const surface = surfaceOf(path)
  const form = body === undefined ? undefined : parseForm(body)
  return {
    method,
    path,
    surface,
    repositories: surface === 'token' ? requestedRepositories(query, form) : repositoriesIn(path),
    principal: presentedPrincipal(authorization, form),
  }
}

const prefixes: readonly (readonly [RegExp, RequestSurface])[] = [
  [/^\/(?:v2|acr\/v1)(?:\/|$)/i, 'registry'],
  [/^\/oauth2\/exchange\/?$/i, 'exchange'],
  [/^\/oauth2\//i, 'token'],
  [/^\/graph(?:\/|$)/i, 'graph'],
  [/^\/(?:subscriptions|providers|tenants|metadata|batch)(?:\/|$)/i, 'arm'],
  [/^\/(?:sign-in|sign-out|account|devicelogin|discovery|oidc|\.well-known)(?:\/|$)/i, 'login'],
  // Below the name of a tenant.
  [/^\/[^/]+\/(?:v2\.0\/)?(?:oauth2|\.well-known|discovery|userrealm)(?:\/|$)/i, 'login'],
]

function surfaceOf(path: string): RequestSurface | undefined {
  if (/^\/portal(?:\/|$)/i.test(path)) return undefined
  return prefixes.find(([pattern]) => pattern.test(path))?.[1]
}

function repositoriesIn(path: string): string[] {
  const matched = matchOciPath(path) ?? matchAcrPath(path)
  return matched !== undefined && 'repository' in matched ? [matched.repository] : []
}

function requestedRepositories(query: string, form: ReturnType<typeof parseForm>): string[] {
  const scopes = [...(parseForm(query)?.get('scope') ?? []), ...(form?.get('scope') ?? [])]
  return parseAccessScopes(scopes).flatMap(({ type, name }) => (type === 'repository' ? [name] : []))
}
