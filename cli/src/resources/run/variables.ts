import type { ReadyDocument } from '@acrux/shared/wire/ready-document.ts'

/**
 * The variables that a command needs to use the emulator and to trust it. `inherited` contains the variables of this
 * process.
 */
export function variablesOf(
  ready: ReadyDocument,
  readyFile: string,
  inherited: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return {
    ACRUX_READY_FILE: readyFile,
    ACRUX_LOGIN_SERVER: ready.loginServer,
    AZURE_AUTHORITY_HOST: ready.url,
    AZURE_TENANT_ID: ready.tenantId,
    AZURE_CLIENT_ID: ready.owner.appId,
    AZURE_CLIENT_SECRET: ready.owner.secret,
    AZURE_SUBSCRIPTION_ID: ready.subscriptionId,
    ARM_METADATA_HOSTNAME: new URL(ready.url).host,
    ...(ready.caFile !== null && { NODE_EXTRA_CA_CERTS: ready.caFile }),
    ...(ready.caBundleFile !== null && {
      // An inherited variable would replace SSL_CERT_FILE for curl.
      CURL_CA_BUNDLE: ready.caBundleFile,
      REQUESTS_CA_BUNDLE: ready.caBundleFile,
      SSL_CERT_FILE: ready.caBundleFile,
    }),
    ...(ready.trustStoreFile !== null && {
      JAVA_TOOL_OPTIONS: javaOptions(ready.trustStoreFile, inherited['JAVA_TOOL_OPTIONS']),
    }),
  }
}

function javaOptions(trustStore: string, inherited: string | undefined): string {
  const properties = { trustStore, trustStoreType: 'PKCS12' }
  const options = Object.entries(properties).map(([name, value]) => quoted(`-Djavax.net.ssl.${name}=${value}`))
  return [...(inherited === undefined || inherited === '' ? [] : [inherited]), ...options].join(' ')
}

/** The JVM splits the variable at blanks, except in quotation marks. */
function quoted(option: string): string {
  return /\s/.test(option) ? `"${option}"` : option
}
