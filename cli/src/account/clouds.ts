import { failure } from '../command/failure.ts'
import { isRecord } from '../command/output/sorted-keys.ts'

/** A cloud: Azure, or an Acrux server. The names of endpoints and suffixes are those of `az cloud show`. */
export type Cloud = {
  readonly name: string
  readonly endpoints: Readonly<Record<string, string | null>> & {
    readonly resourceManager: string
    readonly activeDirectory: string
    readonly activeDirectoryResourceId: string
  }
  readonly suffixes: Readonly<Record<string, string | null>>
  /** The only certificate authority to trust, as PEM. Without it, those of the system are trusted. */
  readonly ca?: string
  /** Whether it is an Acrux server, which knows this program as a client. */
  readonly isAcrux?: true
}

/** The names of the endpoints, as az shows them. */
const endpointNames = [
  'activeDirectory',
  'activeDirectoryDataLakeResourceId',
  'activeDirectoryGraphResourceId',
  'activeDirectoryResourceId',
  'appInsightsResourceId',
  'appInsightsTelemetryChannelResourceId',
  'attestationResourceId',
  'azmirrorStorageAccountResourceId',
  'batchResourceId',
  'gallery',
  'logAnalyticsResourceId',
  'management',
  'mediaResourceId',
  'microsoftGraphResourceId',
  'ossrdbmsResourceId',
  'portal',
  'resourceManager',
  'sqlManagement',
  'synapseAnalyticsResourceId',
  'vmImageAliasDoc',
]

/** The names of the suffixes, as az shows them. */
const suffixNames = [
  'acrLoginServerEndpoint',
  'attestationEndpoint',
  'azureDatalakeAnalyticsCatalogAndJobEndpoint',
  'azureDatalakeStoreFileSystemEndpoint',
  'keyvaultDns',
  'mariadbServerEndpoint',
  'mhsmDns',
  'mysqlServerEndpoint',
  'postgresqlServerEndpoint',
  'sqlServerHostname',
  'storageEndpoint',
  'storageSyncEndpoint',
  'synapseAnalyticsEndpoint',
]

/** Azure's public cloud: the endpoints that registries need. [az-cli 2.74, `az cloud show`] */
export const azureCloud: Cloud = {
  name: 'AzureCloud',
  endpoints: {
    activeDirectory: 'https://login.microsoftonline.com',
    activeDirectoryGraphResourceId: 'https://graph.windows.net/',
    activeDirectoryResourceId: 'https://management.core.windows.net/',
    gallery: 'https://gallery.azure.com/',
    management: 'https://management.core.windows.net/',
    microsoftGraphResourceId: 'https://graph.microsoft.com/',
    portal: 'https://portal.azure.com',
    resourceManager: 'https://management.azure.com/',
  },
  suffixes: {
    acrLoginServerEndpoint: '.azurecr.io',
    storageEndpoint: 'core.windows.net',
    keyvaultDns: '.vault.azure.net',
  },
}

/** Whether a login server ends with the suffix of a cloud, so that it belongs to it. */
export function hasSuffixOf({ suffixes }: Cloud, loginServer: string): boolean {
  const suffix = suffixes['acrLoginServerEndpoint']?.toLowerCase()
  return suffix !== undefined && suffix.startsWith('.') && loginServer.toLowerCase().endsWith(suffix)
}

/** Whether a login server is the host of an Acrux server, and so its first registry. An account that may only pull cannot list it. */
export function isHostOf({ isAcrux, endpoints }: Cloud, loginServer: string): boolean {
  return isAcrux === true && loginServer === URL.parse(endpoints.resourceManager)?.host
}

/** The document of a cloud, as az shows it: all names, with null for those that the cloud does not have. */
export function cloudDocument({ name, endpoints, suffixes }: Cloud, isActive: boolean): object {
  const all = (names: readonly string[], values: Readonly<Record<string, string | null>>) =>
    Object.fromEntries(names.map((each) => [each, values[each] ?? null]))
  return {
    endpoints: all(endpointNames, endpoints),
    isActive,
    name,
    profile: 'latest',
    suffixes: all(suffixNames, suffixes),
  }
}

/** The cloud that a server describes. @throws CommandFailure if the document lacks what a sign-in needs. [az-cli-wire §1] */
export function cloudOfMetadata(name: string, metadata: unknown): Cloud {
  const resourceManager = httpsUrlAt(metadata, 'resourceManager')
  const activeDirectory = httpsUrlAt(metadata, 'authentication', 'loginEndpoint')
  const audiences =
    isRecord(metadata) && isRecord(metadata['authentication']) && metadata['authentication']['audiences']
  const audience: unknown = Array.isArray(audiences) ? audiences[0] : undefined
  if (resourceManager === undefined || activeDirectory === undefined || typeof audience !== 'string') {
    throw failure(
      'the server does not describe its endpoints at /metadata/endpoints',
      'check that the URL is that of an Acrux server or of an Azure Resource Manager',
    )
  }
  return {
    name,
    ...(textAt(metadata, 'name') === 'Acrux' && { isAcrux: true }),
    endpoints: {
      resourceManager,
      activeDirectory,
      activeDirectoryResourceId: audience,
      activeDirectoryGraphResourceId: textAt(metadata, 'graphAudience') ?? null,
      microsoftGraphResourceId: textAt(metadata, 'microsoftGraphResourceId') ?? null,
      gallery: textAt(metadata, 'gallery') ?? null,
      management: audience,
      portal: textAt(metadata, 'portal') ?? null,
    },
    suffixes: {
      acrLoginServerEndpoint: withDot(textAt(metadata, 'suffixes', 'acrLoginServer')),
      keyvaultDns: withDot(textAt(metadata, 'suffixes', 'keyVaultDns')),
      ...databaseSuffixes(withDot(textAt(metadata, 'suffixes', 'sqlServerHostname'))),
      storageEndpoint: textAt(metadata, 'suffixes', 'storage') ?? null,
    },
  }
}

/** az derives the suffixes of the other databases from that of SQL servers. [az-cli 2.74, cloud.py] */
function databaseSuffixes(sqlServerHostname: string | null): Readonly<Record<string, string | null>> {
  const below = (name: string) => (sqlServerHostname === null ? null : `.${name}${sqlServerHostname}`)
  return {
    sqlServerHostname,
    mariadbServerEndpoint: below('mariadb'),
    mysqlServerEndpoint: below('mysql'),
    postgresqlServerEndpoint: below('postgres'),
  }
}

function withDot(suffix: string | undefined): string | null {
  if (suffix === undefined) return null
  return suffix.startsWith('.') ? suffix : `.${suffix}`
}

/** Secrets and tokens are sent there. */
function httpsUrlAt(value: unknown, ...names: readonly string[]): string | undefined {
  const text = textAt(value, ...names)
  return text !== undefined && URL.parse(text)?.protocol === 'https:' ? text : undefined
}

function textAt(value: unknown, ...names: readonly string[]): string | undefined {
  const found = names.reduce<unknown>((each, name) => (isRecord(each) ? each[name] : undefined), value)
  return typeof found === 'string' ? found : undefined
}
