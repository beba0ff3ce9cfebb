/** A cloud: Azure, or an Acrux server. The endpoints and suffixes have the same names as in `az cloud show`. */
export type Cloud = {
  readonly name: string
  readonly endpoints: Readonly<Record<string, string | null>> & {
    readonly resourceManager: string
    readonly activeDirectory: string
    readonly activeDirectoryResourceId: string
  }
  readonly suffixes: Readonly<Record<string, string | null>>
  /**
   * The only certificate authority to trust, as PEM. Without this property, acrux trusts the authorities of the system.
   */
  readonly ca?: string
  /** Whether the cloud is an Acrux server, which knows acrux as a client. */
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

/** Whether a login server ends with the suffix of a cloud, and therefore belongs to the cloud. */
export function hasSuffixOf({ suffixes }: Cloud, loginServer: string): boolean {
  const suffix = suffixes['acrLoginServerEndpoint']?.toLowerCase()
  return suffix !== undefined && suffix.startsWith('.') && loginServer.toLowerCase().endsWith(suffix)
}

/**
 * The cloud whose suffix a login server has. Azure takes precedence, then the cloud with the longest suffix, so that no server can
 * claim the login servers of another server.
 */
export function cloudOfSuffix(clouds: readonly Cloud[], loginServer: string): Cloud | undefined {
  if (hasSuffixOf(azureCloud, loginServer)) return azureCloud
  const lengthOf = ({ suffixes }: Cloud): number => suffixes['acrLoginServerEndpoint']?.length ?? 0
  return clouds
    .filter((cloud) => hasSuffixOf(cloud, loginServer))
    .toSorted((one, other) => lengthOf(other) - lengthOf(one))[0]
}

/**
 * Whether a login server is the host of an Acrux server, and therefore its first registry. An account that may only
 * pull cannot list this registry.
 */
export function isHostOf({ isAcrux, endpoints }: Cloud, loginServer: string): boolean {
  return isAcrux === true && loginServer === URL.parse(endpoints.resourceManager)?.host
}

/** The document of a cloud, as az shows it: all names, with null for missing values. */
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
