import type { ReadyDocument } from '@acrux/shared/wire/ready-document.ts'
import type { Login, Principal } from '../api/api.ts'
import { textAt } from './fields.ts'
import { type WireResponse, send } from './http.ts'

/** The audience of Resource Manager. The empty path segment before `.default` belongs to the audience. */
export const armScope = 'https://management.core.windows.net//.default'

/** The client id of `az`, a public client that signs users in. */
const azClientId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

/** A body as JSON or as a text. */
type Call = (method: string, path: string, body?: unknown) => Promise<WireResponse>

/** The surfaces of a running emulator. The owner sends the requests. */
export interface Session {
  readonly ready: ReadyDocument
  readonly ca: string | undefined
  /** Sends a request to Resource Manager. */
  readonly arm: (method: string, path: string, version: string, body?: unknown) => Promise<WireResponse>
  /** Sends a request to Graph. The path is relative to `/graph/v1.0`. */
  readonly graph: Call
  /** Sends a request to the control API. The path is relative to `/_acrux`. */
  readonly control: Call
  /** An access token of the identity provider, and its lifetime in seconds. */
  readonly signIn: (
    principal: Principal,
    scope: string,
  ) => Promise<{ readonly token: string; readonly seconds: number }>
  /** Exchanges a token of the identity provider for a refresh token of a registry. */
  readonly exchange: (loginServer: string, accessToken: string) => Promise<string>
  /** An access token of the registry for a user name and a password. */
  readonly accessToken: (loginServer: string, scope: string, login: Awaited<Login>) => Promise<string>
}

type Form = Readonly<Record<string, string>>

const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' }

/** Opens a session with a running emulator. The function sends no request. */
export function openSession(ready: ReadyDocument, ca: string | undefined): Session {
  const trust = ca === undefined ? {} : { ca }
  const { owner, url, tenantId } = ready
  const ownerPrincipal: Principal = { kind: 'ServicePrincipal', objectId: '', ...owner }

  const signIn: Session['signIn'] = async (principal, scope) => {
    const form = new URLSearchParams({ ...signInForm(principal), scope }).toString()
    const target = `${url}/${tenantId}/oauth2/v2.0/token`
    const { json } = await send({ method: 'POST', url: target, headers: formHeaders, body: form, ...trust })
    return { token: textAt(json, 'access_token'), seconds: Number((json as { expires_in?: unknown }).expires_in) }
  }
  const asOwner = async (scope: string, method: string, target: string, body: unknown): Promise<WireResponse> => {
    const { token } = await signIn(ownerPrincipal, scope)
    return send({ method, url: target, headers: { authorization: `Bearer ${token}` }, body, ...trust })
  }
  return {
    ready,
    ca,
    signIn,
    arm: (method, path, version, body) => {
      const separator = path.includes('?') ? '&' : '?'
      return asOwner(armScope, method, `${url}${path}${separator}api-version=${version}`, body)
    },
    graph: (method, path, body) => asOwner(`${url}/graph//.default`, method, `${url}/graph/v1.0${path}`, body),
    control: (method, path, body) => {
      const headers = { authorization: `Bearer ${ready.controlToken}` }
      return send({ method, url: `${ready.control}/_acrux${path}`, headers, body })
    },
    exchange: async (loginServer, accessToken) => {
      const form = { grant_type: 'access_token', service: loginServer, tenant: tenantId, access_token: accessToken }
      const body = new URLSearchParams(form).toString()
      const headers = { ...formHeaders, host: loginServer }
      const { json } = await send({ method: 'POST', url: `${url}/oauth2/exchange`, headers, body, ...trust })
      return textAt(json, 'refresh_token')
    },
    accessToken: async (loginServer, scope, { username, password }) => {
      const scopes = scope.split(' ').map((each) => ['scope', each])
      const query = new URLSearchParams([['service', loginServer], ...scopes]).toString()
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
      const headers = { authorization, host: loginServer }
      const { json } = await send({ method: 'GET', url: `${url}/oauth2/token?${query}`, headers, ...trust })
      return textAt(json, 'access_token')
    },
  }
}

/** The form that signs in a principal. @throws TypeError for a principal that cannot sign in */
function signInForm({ kind, appId, secret, upn, password }: Principal): Form {
  if (kind === 'ServicePrincipal' && appId !== undefined && secret !== undefined) {
    return { grant_type: 'client_credentials', client_id: appId, client_secret: secret }
  }
  if (kind === 'User' && upn !== undefined && password !== undefined) {
    return { grant_type: 'password', client_id: azClientId, username: upn, password }
  }
  throw new TypeError(
    kind === 'Group'
      ? 'a group cannot sign in'
      : 'the principal has no secret or password, so the principal cannot sign in',
  )
}
