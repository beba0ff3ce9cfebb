import { join } from 'node:path'
import type { ReadyDocument } from '@acrux/shared/wire/ready-document.ts'
import type { Client } from '../api/api.ts'
import { present } from '../wire/fields.ts'

type Variables = Readonly<Record<string, string | null>>

/**
 * The variables with which a client uses and trusts an emulator. `folderOf` creates a directory for what a client stores.
 */
export function variablesOf(
  client: Client,
  ready: ReadyDocument,
  folderOf: (name: string) => string,
): Record<string, string> {
  const { host } = new URL(ready.url)
  const { owner, tenantId, subscriptionId, caFile, caBundleFile, trustStoreFile } = ready
  const goTrust = { SSL_CERT_FILE: caBundleFile }
  const pythonTrust = { REQUESTS_CA_BUNDLE: caBundleFile }
  const identity = {
    AZURE_AUTHORITY_HOST: ready.url,
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: owner.appId,
    AZURE_CLIENT_SECRET: owner.secret,
    AZURE_SUBSCRIPTION_ID: subscriptionId,
  }
  const variables: Readonly<Record<Client, () => Variables>> = {
    az: () => ({
      AZURE_CONFIG_DIR: folderOf('azure'),
      ARM_CLOUD_METADATA_URL: `${ready.url}/metadata/endpoints?api-version=2019-05-01`,
      AZURE_CORE_INSTANCE_DISCOVERY: 'false',
      ...pythonTrust,
      ...goTrust,
    }),
    docker: () => ({ DOCKER_COMMAND: 'docker', DOCKER_CONFIG: folderOf('docker'), ...goTrust }),
    // `az acr login` stops at every warning of podman.
    podman: () => ({
      DOCKER_COMMAND: 'podman',
      PODMAN_IGNORE_CGROUPSV1_WARNING: '1',
      REGISTRY_AUTH_FILE: join(folderOf('podman'), 'auth.json'),
      ...goTrust,
    }),
    sdk: () => ({ ...identity, NODE_EXTRA_CA_CERTS: caFile, ...pythonTrust, ...goTrust }),
    terraform: () => ({
      ARM_METADATA_HOSTNAME: host,
      ARM_TENANT_ID: tenantId,
      ARM_SUBSCRIPTION_ID: subscriptionId,
      ARM_CLIENT_ID: owner.appId,
      ARM_CLIENT_SECRET: owner.secret,
      ARM_RESOURCE_PROVIDER_REGISTRATIONS: 'none',
      ...goTrust,
    }),
    java: () => ({
      ...identity,
      JAVA_TOOL_OPTIONS: trustStoreFile && javaTrust(trustStoreFile),
    }),
  }
  if (!Object.hasOwn(variables, client)) {
    throw new RangeError(`there is no client ${client}: the clients are ${Object.keys(variables).join(', ')}`)
  }
  return present<string>(variables[client]())
}

/** The options that make Java trust the authorities of a file. Its password is not needed. */
function javaTrust(file: string): string {
  const properties = [`-Djavax.net.ssl.trustStore=${file}`, '-Djavax.net.ssl.trustStoreType=PKCS12']
  return properties.map((each) => (/\s/.test(each) ? `"${each}"` : each)).join(' ')
}
