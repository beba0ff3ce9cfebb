import { createHash, createPrivateKey, hash, X509Certificate } from 'node:crypto'
import { importPKCS8 } from 'jose'
import { type ClientAuth, ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, modifyAssertion } from 'openid-client'
import { readSecretFile, readSettingFile, unusableSettingFile } from '../../platform/files/setting-file.ts'
import type { UpstreamSettings } from './settings.ts'

/** The credentials with which Acrux authenticates to a provider. */
export type UpstreamCredentials = {
  /** Reads the files again, so that a new secret takes effect immediately. @throws StartupError if they cannot be used */
  readonly load: () => Promise<ClientAuth>
}

/** Opens the credentials and checks them. They are never logged. @throws StartupError if they cannot be used */
export async function openUpstreamCredentials(settings: UpstreamSettings): Promise<UpstreamCredentials> {
  const { clientSecretFile, clientCertFile, clientKeyFile } = settings
  const load = async () => {
    if (clientSecretFile !== undefined) return bySecret(await readSecretFile(clientSecretFile, 'client secret'))
    if (clientCertFile === undefined || clientKeyFile === undefined)
      throw new TypeError('the provider has no credentials')
    return byCertificate(
      await readSettingFile(clientCertFile, false),
      await readSettingFile(clientKeyFile, true),
      clientKeyFile,
    )
  }
  await load()
  return { load }
}

/** Sends the secret in the form if the provider supports that, otherwise in the header. [OpenID Connect Core §9] */
function bySecret(secret: string): ClientAuth {
  const inForm = ClientSecretPost(secret)
  const inHeader = ClientSecretBasic(secret)
  return (as, client, body, headers) => {
    const inFormToo = as.token_endpoint_auth_methods_supported?.includes('client_secret_post') === true
    ;(inFormToo ? inForm : inHeader)(as, client, body, headers)
  }
}

/** Signs with the certificate's key. The header has both thumbprints of the certificate. [Entra, certificate credentials; RFC 7515 §4.1.7, §4.1.8] */
async function byCertificate(certificatePem: string, keyPem: string, keyFile: string): Promise<ClientAuth> {
  try {
    const { raw } = new X509Certificate(certificatePem)
    const privateKey = createPrivateKey(keyPem)
    const algorithm = privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256'
    const key = await importPKCS8(privateKey.export({ type: 'pkcs8', format: 'pem' }), algorithm)
    const x5t = createHash('sha1').update(raw).digest('base64url')
    const x5tS256 = hash('sha256', raw, 'base64url')
    return PrivateKeyJwt(
      { key },
      { [modifyAssertion]: (header) => void Object.assign(header, { x5t, 'x5t#S256': x5tS256 }) },
    )
  } catch (error) {
    throw unusableSettingFile(
      `${keyFile} and the certificate of this key cannot be used`,
      'use PEM files with a certificate and an unencrypted key',
      error,
    )
  }
}
