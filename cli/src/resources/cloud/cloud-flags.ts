import { fetchCloud, readAuthority } from '../../clients/servers/select-server.ts'
import { httpClientOf, recordOf } from '../../clients/session/account.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { choiceFlag } from '../../framework/options/flags.ts'
import { readJson } from '../../framework/options/read-value.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'

/** The options of az for endpoints and suffixes, with the names in the document of a cloud. */
const endpointFlags = {
  endpointActiveDirectory: 'activeDirectory',
  endpointActiveDirectoryDataLakeResourceId: 'activeDirectoryDataLakeResourceId',
  endpointActiveDirectoryGraphResourceId: 'activeDirectoryGraphResourceId',
  endpointActiveDirectoryResourceId: 'activeDirectoryResourceId',
  endpointGallery: 'gallery',
  endpointManagement: 'management',
  endpointResourceManager: 'resourceManager',
  endpointSqlManagement: 'sqlManagement',
  endpointVmImageAliasDoc: 'vmImageAliasDoc',
} as const

const suffixFlags = {
  suffixAcrLoginServerEndpoint: 'acrLoginServerEndpoint',
  suffixAzureDatalakeAnalyticsCatalogAndJobEndpoint: 'azureDatalakeAnalyticsCatalogAndJobEndpoint',
  suffixAzureDatalakeStoreFileSystemEndpoint: 'azureDatalakeStoreFileSystemEndpoint',
  suffixKeyvaultDns: 'keyvaultDns',
  suffixSqlServerHostname: 'sqlServerHostname',
  suffixStorageEndpoint: 'storageEndpoint',
} as const

/** Describes the endpoints and suffixes of a cloud. */
export type CloudFlags = Readonly<Partial<Record<keyof typeof endpointFlags | keyof typeof suffixFlags, string>>> & {
  readonly cloudConfig?: string
  readonly caFile?: string
}

/** The API profiles of az. */
export const profiles: readonly string[] = ['latest']

/** The option that names a cloud. */
export const cloudNameFlag: FlagDescription = { flags: '-n, --name <cloud>', description: 'the name of the cloud' }

/** The option for the API profile of az. */
export const profileFlag = choiceFlag('--profile <profile>', profiles, 'the API profile; has no effect')

/** Describes {@link CloudFlags}. */
export const cloudFlags: readonly FlagDescription[] = [
  { flags: '--cloud-config <json>', description: 'the endpoints and suffixes as JSON, or @FILE' },
  {
    flags: '--ca-file <file>',
    description:
      'a PEM file with the certificate authority of the cloud, instead of the certificate authorities of the system',
  },
  profileFlag,
  ...[...Object.entries(endpointFlags), ...Object.entries(suffixFlags)].map(([flag, member]) => ({
    flags: `--${kebabCase(flag)} <text>`,
    description: `the ${flag.startsWith('endpoint') ? 'endpoint' : 'suffix'} ${member}`,
  })),
]

/** The message of az without the option that finds the other endpoints. */
export const missingEndpoints =
  'The following endpoints are required for the CLI to function and were not specified on the command line, in the cloud config or could not be autodetected.\nSpecify them on the command line or through the cloud config file:\n--endpoint-resource-manager, --endpoint-active-directory, --endpoint-active-directory-resource-id, --endpoint-active-directory-graph-resource-id'

/** The endpoints and suffixes of the options. */
export async function givenEndpoints(flags: CloudFlags): Promise<Pick<Cloud, 'suffixes'> & { endpoints: Endpoints }> {
  const config = flags.cloudConfig === undefined ? {} : await readJson(flags.cloudConfig)
  return {
    endpoints: { ...recordOf(config['endpoints']), ...named(flags, endpointFlags) } as Endpoints,
    suffixes: { ...recordOf(config['suffixes']), ...named(flags, suffixFlags) } as Record<string, string>,
  }
}

type Endpoints = Readonly<Record<string, string>>

/** The certificate authority of the options. */
export async function givenAuthority({ caFile }: CloudFlags): Promise<Pick<Cloud, 'ca'>> {
  return caFile === undefined ? {} : { ca: await readAuthority(caFile) }
}

/** The cloud that a server describes, with a warning if the sign-in page is on another host. */
export async function describedCloud(
  context: CommandContext,
  name: string,
  { endpoints, suffixes }: { readonly endpoints: Endpoints; readonly suffixes: Cloud['suffixes'] },
  authority: Pick<Cloud, 'ca'>,
): Promise<Cloud> {
  const described = await fetchCloud(httpClientOf(context, authority), name, endpoints['resourceManager'] ?? '')
  return {
    ...described,
    endpoints: { ...described.endpoints, ...endpoints },
    suffixes: { ...described.suffixes, ...suffixes },
    ...authority,
  }
}

/** Warns if the sign-in page is on another host than the server, which receives the tokens. */
export function warnOfOtherHost({ log }: CommandContext, { endpoints }: Cloud): void {
  const [server, signIn] = [endpoints.resourceManager, endpoints.activeDirectory].map(
    (url) => URL.parse(url)?.host ?? url,
  )
  if (server !== signIn)
    log.warning(
      `the sign-in page of this cloud is at ${signIn}, and ${server} receives the tokens: do you trust this server?`,
    )
}

function named(flags: CloudFlags, names: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const pairs = Object.entries(names).flatMap(([flag, member]) => {
    const value = flags[flag as keyof CloudFlags]
    return value === undefined ? [] : [[member, value] as const]
  })
  return Object.fromEntries(pairs)
}

function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
