import type { FastifyRequest } from 'fastify'
import { parameter } from './query.ts'

/** An API version: its date, and whether it is a preview. */
export type ApiVersion = { readonly date: string; readonly isPreview: boolean }

const registryVersions = [
  '2026-11-01',
  '2026-09-01-preview',
  '2025-11-01',
  '2025-04-01',
  '2025-03-01-preview',
  '2024-11-01-preview',
  '2023-11-01-preview',
  '2023-07-01',
  '2023-01-01-preview',
  '2022-12-01',
  '2021-09-01',
  '2019-05-01',
] as const
const childVersions = registryVersions.filter((version) => version > '2022')

/**
 * The resource types that are served, by namespace, with the versions of each, newest first. An older version that is not
 * listed is served too. [Azure/azure-rest-api-specs]
 */
export const apiVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'Microsoft.Authorization': {
    roleAssignments: ['2022-04-01', '2020-04-01-preview', '2015-07-01'],
    roleDefinitions: ['2022-05-01-preview', '2022-04-01', '2015-07-01'],
    denyAssignments: ['2022-04-01', '2018-07-01-preview'],
    permissions: ['2022-05-01-preview', '2022-04-01', '2015-07-01'],
    providerOperations: ['2022-05-01-preview', '2022-04-01', '2015-07-01'],
  },
  'Microsoft.ContainerRegistry': {
    registries: registryVersions,
    'registries/scopeMaps': childVersions,
    'registries/tokens': childVersions,
    checkNameAvailability: registryVersions,
    operations: registryVersions,
    'locations/operationResults': registryVersions,
  },
  'Microsoft.HybridCompute': {
    machines: ['2025-01-13', '2024-07-10', '2022-12-27'],
  },
  'Microsoft.ManagedIdentity': {
    userAssignedIdentities: [
      '2026-05-31',
      '2026-04-30',
      '2025-01-31-preview',
      '2024-11-30',
      '2023-01-31',
      '2018-11-30',
    ],
    'userAssignedIdentities/federatedIdentityCredentials': [
      '2026-05-31',
      '2026-04-30',
      '2025-01-31-preview',
      '2024-11-30',
      '2023-01-31',
    ],
    operations: ['2026-05-31', '2026-04-30', '2025-01-31-preview', '2024-11-30', '2023-01-31', '2018-11-30'],
  },
  'Microsoft.Resources': {
    subscriptions: ['2022-12-01', '2016-06-01'],
    resourceGroups: ['2025-04-01', '2024-11-01', '2021-04-01'],
    tenants: ['2022-12-01', '2016-06-01'],
  },
}

/** A resource type with its versions, newest first. */
export type VersionedType = { readonly namespace: string; readonly name: string; readonly versions: readonly string[] }

/** The type of the resource that a path template names; undefined if its versions are not listed. */
export function typeOfPath(path: string): VersionedType | undefined {
  const [scope = '', ...further] = path.split('/providers/')
  const last = further.at(-1)
  const segments = (last ?? scope).split('/').filter((segment) => segment !== '' && !segment.startsWith(':'))
  const namespace = last === undefined ? 'Microsoft.Resources' : (segments.shift() ?? '')
  // ARM names its own containers by their last segment: `subscriptions/{s}/resourceGroups/{g}` is a resourceGroup.
  const names = segments.map((_, index) =>
    last === undefined ? (segments.at(-1 - index) ?? '') : segments.slice(0, segments.length - index).join('/'),
  )
  const known = apiVersions[namespace] ?? {}
  const name = names.find((candidate) => Object.hasOwn(known, candidate))
  return name === undefined ? undefined : { namespace, name, versions: known[name] ?? [] }
}

const versionPattern = /^(\d{4}-\d{2}-\d{2})(-[a-z]{1,20})?$/

/** Reads a version; undefined if it is not one. */
export function parseApiVersion(text: string): ApiVersion | undefined {
  const [, date, suffix] = versionPattern.exec(text.toLowerCase()) ?? []
  return date === undefined ? undefined : { date, isPreview: suffix !== undefined }
}

/** The newest preview or the newest stable version, as requested. If there is none of this kind, the newest version. */
function newestOf(versions: readonly string[], isPreview: boolean): ApiVersion {
  const known = versions.flatMap((version) => parseApiVersion(version) ?? [])
  const [newest] = known.filter((version) => version.isPreview === isPreview).concat(known)
  return newest ?? { date: '9999-12-31', isPreview }
}

/** Writes a version as clients send it. */
export function formatApiVersion({ date, isPreview }: ApiVersion): string {
  return isPreview ? `${date}-preview` : date
}

/** The version that a request names, and the version in which it is served. */
export type NamedVersion = { readonly text: string; readonly served: ApiVersion; readonly isKnown: boolean }

/** Reads the version of a request. It is unknown if it is malformed, or newer than the newest known version. */
export function readApiVersion({ query }: FastifyRequest, versions: readonly string[]): NamedVersion {
  const [text] = [parameter(query, 'api-version')].flat().map(String)
  const parsed = parseApiVersion(text ?? '')
  const newest = newestOf(versions, parsed?.isPreview ?? false)
  const isKnown = parsed !== undefined && parsed.date <= newest.date
  return { text: text ?? '', served: isKnown ? parsed : newest, isKnown }
}
