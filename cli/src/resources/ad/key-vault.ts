import { X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HttpResponse, jsonOf } from '../../clients/http/http.ts'
import type { Account } from '../../clients/session/account.ts'
import { scopeOf } from '../../clients/tokens/token-request.ts'
import { failure } from '../../framework/command/failure.ts'
import { terminalText } from '../../framework/terminal/terminal-text.ts'
import { valueAt } from '../../framework/values/shape.ts'

/** A certificate in Azure Key Vault: the names of the vault and of the certificate. */
type VaultCertificate = { readonly vault: string; readonly name: string }

/** Reads a certificate of a vault. [Azure Key Vault 7.4, Get Certificate] @throws CommandFailure */
export async function readVaultCertificate(account: Account, place: VaultCertificate): Promise<X509Certificate> {
  const document = await askVault(account, place, { method: 'GET', path: '/' })
  const cer = valueAt(document, 'cer')
  if (typeof cer !== 'string') throw failure(`the vault ${place.vault} returned no certificate for ${place.name}`)
  return new X509Certificate(Buffer.from(cer, 'base64'))
}

const pollMs = 5000
const maxPolls = 60

/** Creates a self-signed certificate in a vault, whose key stays there. [azure-cli role _create_self_signed_cert_with_keyvault] */
export async function createVaultCertificate(
  account: Account,
  place: VaultCertificate,
  months: number,
): Promise<X509Certificate> {
  const policy = {
    issuer: { name: 'Self' },
    key_props: { exportable: true, key_size: 2048, kty: 'RSA', reuse_key: true },
    lifetime_actions: [{ action: { action_type: 'AutoRenew' }, trigger: { days_before_expiry: 90 } }],
    secret_props: { contentType: 'application/x-pkcs12' },
    x509_props: {
      key_usage: ['cRLSign', 'dataEncipherment', 'digitalSignature', 'keyEncipherment', 'keyAgreement', 'keyCertSign'],
      subject: 'CN=KeyVault Generated',
      validity_months: months,
    },
  }
  let operation = await askVault(account, place, { method: 'POST', path: '/create', body: { policy } })
  for (let polls = 0; valueAt(operation, 'status') === 'inProgress'; polls += 1) {
    if (polls === maxPolls) throw failure(`the vault ${place.vault} did not finish the certificate in five minutes`)
    await sleep(pollMs)
    operation = await askVault(account, place, { method: 'GET', path: '/pending' })
  }
  return readVaultCertificate(account, place)
}

type VaultRequest = { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: object }

/**
 * The challenge of the vault names the resource for which the vault needs a token. [Azure Key Vault, authentication]
 */
async function askVault(account: Account, { vault, name }: VaultCertificate, request: VaultRequest): Promise<unknown> {
  const suffix = account.cloud.suffixes['keyvaultDns']
  if (typeof suffix !== 'string') throw failure(`the cloud ${account.cloud.name} provides no Key Vault`)
  if (!/^[\da-z-]{1,127}$/i.test(vault)) throw failure(`'${vault}' is not the name of a vault`)
  const url = new URL(
    `https://${vault}${suffix}/certificates/${encodeURIComponent(name)}${request.path}?api-version=7.4`,
  )
  const send = async (headers: Readonly<Record<string, string>>, body?: object): Promise<HttpResponse> =>
    account.http.send({
      method: request.method,
      url: url.href,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const challenge = await send({})
  const { token } = await account.token(scopeOf(requireResource(challenge, url.host)))
  const response = await send({ authorization: `Bearer ${token}` }, request.body)
  const document = jsonOf(response)
  if (response.status < 400) return document
  const message = valueAt(document, 'error.message')
  const reason = typeof message === 'string' ? message : `status ${response.status}`
  throw failure(`the vault ${vault} denied the request: ${terminalText(reason)}`)
}

/** @throws CommandFailure if the resource is on another host, because the vault would receive the token */
function requireResource({ status, headers }: HttpResponse, host: string): string {
  const [, resource = ''] = /\b(?:resource|scope)="?([^",\s]+)/.exec(headers['www-authenticate'] ?? '') ?? []
  const expected = URL.parse(resource)?.host ?? ''
  if (status === 401 && expected !== '' && (host === expected || host.endsWith(`.${expected}`)))
    return resource.replace(/\/\.default$/, '')
  throw failure(`${host} did not return the challenge of a Key Vault`, 'check the name of the vault')
}
