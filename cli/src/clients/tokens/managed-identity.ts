import { failure } from '../../framework/command/failure.ts'
import type { SignInMethod } from '../../framework/profile/profile.ts'
import { terminalLine } from '../../framework/terminal/terminal-text.ts'
import { isRecord } from '../../framework/values/record.ts'
import { type HttpClient, jsonOf } from '../http/http.ts'
import type { TokenResponse } from './token-request.ts'

type Identity = Extract<SignInMethod, { kind: 'managed-identity' }>

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Gets a token from the platform of this machine: App Service, Azure Machine Learning, or the metadata service of Azure
 * virtual machines, which `acrux identity-endpoint` also serves. [az-cli-wire §3.7]
 *
 * @throws CommandFailure if the platform has no such identity
 */
export async function managedIdentityToken(
  http: HttpClient,
  env: Environment,
  { parameter, value }: Identity,
  resource: string,
): Promise<TokenResponse> {
  const { url, headers, names } = endpointOf(env)
  const query = new URLSearchParams({ 'api-version': names.version, resource })
  if (parameter !== undefined && value !== undefined)
    query.set(names[parameter as keyof typeof names] ?? parameter, value)
  // The header can contain a secret of this machine.
  const response = await http.send({ method: 'GET', url: `${url}?${query.toString()}`, headers, withoutProxy: true })
  const body = jsonOf(response)
  if (response.status !== 200 || !isRecord(body) || typeof body['access_token'] !== 'string') {
    const description = isRecord(body) ? (body['error_description'] ?? body['message']) : undefined
    const reason = typeof description === 'string' ? description : `status ${response.status}`
    throw failure(`the identity endpoint of this machine issued no token: ${terminalLine(reason)}`)
  }
  const { expires_on: expiresOn, expires_in: expiresIn } = body
  const expiresAtMs = expiresOn === undefined ? Date.now() + Number(expiresIn ?? 0) * 1000 : Number(expiresOn) * 1000
  return { accessToken: body['access_token'], expiresAtMs, refreshToken: undefined, idToken: undefined }
}

type Endpoint = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The version, and the names of the parameters for a client id, object id and resource id. */
  readonly names: { readonly version: string; readonly client_id?: string; readonly resource_id?: string }
}

function endpointOf(env: Environment): Endpoint {
  const metadata = { metadata: 'true' }
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER, MSI_ENDPOINT, MSI_SECRET, AZURE_POD_IDENTITY_AUTHORITY_HOST } = env
  if (IDENTITY_ENDPOINT !== undefined && IDENTITY_HEADER !== undefined) {
    const headers = { 'x-identity-header': IDENTITY_HEADER, ...metadata }
    return { url: IDENTITY_ENDPOINT, headers, names: { version: '2019-08-01', resource_id: 'mi_res_id' } }
  }
  if (MSI_ENDPOINT !== undefined && MSI_SECRET !== undefined) {
    return {
      url: MSI_ENDPOINT,
      headers: { secret: MSI_SECRET },
      names: { version: '2017-09-01', client_id: 'clientid' },
    }
  }
  const host = AZURE_POD_IDENTITY_AUTHORITY_HOST ?? 'http://169.254.169.254'
  return {
    url: `${host.replace(/\/+$/, '')}/metadata/identity/oauth2/token`,
    headers: metadata,
    names: { version: '2018-02-01', resource_id: 'msi_res_id' },
  }
}
