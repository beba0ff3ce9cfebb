import { failure } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { isRecord } from '../../framework/values/record.ts'

/*
 * A server's description of itself is untrusted: acrux sends secrets to the addresses, and uses the texts in file names
 * and output. This module checks every text before the text becomes part of a cloud.
 */

const maxUrlLength = 2048

/** A host name has at most 253 characters, and a port at most six with its colon. [RFC 1035 §2.3.4] */
const maxSuffixLength = 260

const addressPattern = /^https:\/\/[\w.~:/[\]%+-]+$/i

const suffixPattern = /^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d{1,5})?$/i

/**
 * The cloud that a server describes.
 *
 * @throws CommandFailure if the document lacks a value for the sign-in, contains an invalid address, or describes a
 * server with another origin than `asked`. [az-cli-wire §1]
 */
export function cloudOfMetadata(name: string, asked: string, metadata: unknown): Cloud {
  const resourceManager = addressAt(metadata, 'resourceManager')
  const activeDirectory = signInAddressOf(metadata)
  const audiences =
    isRecord(metadata) && isRecord(metadata['authentication']) && metadata['authentication']['audiences']
  const audience = address(Array.isArray(audiences) ? audiences[0] : undefined)
  if (resourceManager === undefined || activeDirectory === undefined || audience === undefined)
    throw notDescribed('endpoints')
  requireSameOrigin(asked, resourceManager)
  return {
    name,
    ...(textAt(metadata, 'name') === 'Acrux' && { isAcrux: true }),
    endpoints: {
      resourceManager,
      activeDirectory,
      activeDirectoryResourceId: audience,
      activeDirectoryGraphResourceId: optional(metadata, 'graphAudience'),
      microsoftGraphResourceId: optional(metadata, 'microsoftGraphResourceId'),
      gallery: optional(metadata, 'gallery'),
      management: audience,
      portal: optional(metadata, 'portal'),
    },
    suffixes: {
      acrLoginServerEndpoint: withDot(suffixAt(metadata, 'acrLoginServer')),
      keyvaultDns: withDot(suffixAt(metadata, 'keyVaultDns')),
      ...databaseSuffixes(withDot(suffixAt(metadata, 'sqlServerHostname'))),
      storageEndpoint: suffixAt(metadata, 'storage'),
    },
  }
}

/** The address of the sign-in pages. Undefined if the server names no address that may receive secrets. */
export function signInAddressOf(metadata: unknown): string | undefined {
  return addressAt(metadata, 'authentication', 'loginEndpoint')
}

/** Without this check, a server could replace stored data of another server. */
function requireSameOrigin(asked: string, resourceManager: string): void {
  const [expected, described] = [asked, resourceManager].map((url) => URL.parse(url)?.origin)
  if (expected === described) return
  throw failure(
    `the server ${expected ?? asked} describes another server: ${described ?? ''}`,
    `use the address at which the server is configured: acrux login ${described ?? ''}`,
  )
}

/** az derives the suffixes of the other databases from the suffix of SQL servers. [az-cli 2.74, cloud.py] */
function databaseSuffixes(sqlServerHostname: string | null): Readonly<Record<string, string | null>> {
  const below = (name: string) => (sqlServerHostname === null ? null : `.${name}${sqlServerHostname}`)
  return {
    sqlServerHostname,
    mariadbServerEndpoint: below('mariadb'),
    mysqlServerEndpoint: below('mysql'),
    postgresqlServerEndpoint: below('postgres'),
  }
}

function withDot(suffix: string | null): string | null {
  return suffix === null || suffix.startsWith('.') ? suffix : `.${suffix}`
}

/** An address may be missing, but not malformed. */
function optional(metadata: unknown, name: string): string | null {
  const text = textAt(metadata, name)
  if (text === undefined || text === '') return null
  return address(text) ?? fail(name)
}

function suffixAt(metadata: unknown, name: string): string | null {
  const text = textAt(metadata, 'suffixes', name)
  if (text === undefined || text === '') return null
  return text.length <= maxSuffixLength && suffixPattern.test(text) ? text : fail(`suffixes.${name}`)
}

function fail(member: string): never {
  throw notDescribed(member)
}

function notDescribed(member: string) {
  return failure(
    `the server does not describe its ${member} at /metadata/endpoints`,
    'check that the URL names an Acrux server or an Azure Resource Manager',
  )
}

function addressAt(metadata: unknown, ...names: readonly string[]): string | undefined {
  return address(textAt(metadata, ...names))
}

/**
 * acrux sends secrets and tokens to this address, so the address is an HTTPS URL without a user, a query or a fragment.
 */
function address(value: unknown): string | undefined {
  const isAddress = typeof value === 'string' && value.length <= maxUrlLength && addressPattern.test(value)
  return isAddress && URL.canParse(value) ? value : undefined
}

function textAt(value: unknown, ...names: readonly string[]): string | undefined {
  const found = names.reduce<unknown>((each, name) => (isRecord(each) ? each[name] : undefined), value)
  return typeof found === 'string' ? found : undefined
}
