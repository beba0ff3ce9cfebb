import { readFile } from 'node:fs/promises'
import { plainReason } from '@acrux/server/plain-reason'
import { cloudsOf, httpClientOf, recordOf } from '../account/account.ts'
import type { Cloud } from '../account/clouds.ts'
import { openProfile } from '../account/profile.ts'
import { defineCommand } from '../command/command.ts'
import type { CommandContext } from '../command/context.ts'
import { WrongUsageError, failure } from '../command/failure.ts'
import { fetchCloud, readAuthority } from '../login/select-server.ts'
import { cloudNameFlag } from './name-flag.ts'

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

type Flags = Readonly<Partial<Record<keyof typeof endpointFlags | keyof typeof suffixFlags, string>>> & {
  readonly name: string
  readonly cloudConfig?: string
  readonly caFile?: string
}

/** `acrux cloud register`. */
export const command = defineCommand<Flags>({
  about: `
The server of --endpoint-resource-manager describes the other endpoints. acrux login --server URL registers an Acrux
server and selects it in one step.`,
  flags: [
    { ...cloudNameFlag, required: true },
    { flags: '--cloud-config <json>', description: 'the endpoints and suffixes as JSON, or @FILE' },
    { flags: '--ca-file <file>', description: 'the only certificate authority (PEM) to trust' },
    ...[...Object.entries(endpointFlags), ...Object.entries(suffixFlags)].map(([flag, member]) => ({
      flags: `--${kebabCase(flag)} <text>`,
      description: `the ${flag.startsWith('endpoint') ? 'endpoint' : 'suffix'} ${member}`,
    })),
  ],
  examples: [
    'acrux cloud register -n contoso --endpoint-resource-manager https://registry.example.com',
    'acrux cloud register -n contoso --endpoint-resource-manager https://registry.example.com --ca-file ca.pem',
  ],
  prints: 'result',
  run: register,
})

async function register(flags: Flags, context: CommandContext): Promise<void> {
  const profile = openProfile(context.env)
  const { name, caFile } = flags
  requireUnregistered(name, cloudsOf(await profile.read()))
  const config = flags.cloudConfig === undefined ? {} : await readConfig(flags.cloudConfig)
  const given = {
    endpoints: { ...recordOf(config['endpoints']), ...named(flags, endpointFlags) } as Record<string, string>,
    suffixes: { ...recordOf(config['suffixes']), ...named(flags, suffixFlags) } as Record<string, string>,
  }
  const { resourceManager } = given.endpoints
  if (resourceManager === undefined)
    throw failure(
      'The following endpoints are required for the CLI to function and were not specified on the command line, in the cloud config or could not be autodetected.\nSpecify them on the command line or through the cloud config file:\n--endpoint-resource-manager, --endpoint-active-directory, --endpoint-active-directory-resource-id, --endpoint-active-directory-graph-resource-id',
    )
  const ca = caFile === undefined ? undefined : await readAuthority(caFile)
  const described = await fetchCloud(httpClientOf(context, ca === undefined ? {} : { ca }), name, resourceManager)
  const cloud: Cloud = {
    ...described,
    endpoints: { ...described.endpoints, ...given.endpoints },
    suffixes: { ...described.suffixes, ...given.suffixes },
    ...(ca !== undefined && { ca }),
  }
  const [server, signIn] = [cloud.endpoints.resourceManager, cloud.endpoints.activeDirectory].map(hostOf)
  if (server !== signIn)
    context.log.warning(`people sign in to this cloud at ${signIn}, and ${server} gets their tokens: do you trust it?`)
  await profile.change((current) => {
    requireUnregistered(name, cloudsOf(current))
    return { ...current, clouds: [...current.clouds, cloud] }
  })
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url
}

function requireUnregistered(name: string, clouds: readonly Cloud[]): void {
  if (clouds.some((cloud) => cloud.name === name)) throw failure(`The cloud '${name}' is already registered.`)
}

function named(flags: Flags, names: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const pairs = Object.entries(names).flatMap(([flag, member]) => {
    const value = flags[flag as keyof Flags]
    return value === undefined ? [] : [[member, value] as const]
  })
  return Object.fromEntries(pairs)
}

async function readConfig(text: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return recordOf(JSON.parse(text.startsWith('@') ? await readFile(text.slice(1), 'utf8') : text))
  } catch (error) {
    throw new WrongUsageError(`--cloud-config is not valid JSON: ${plainReason(error)}`)
  }
}

function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
