import { parseArgs } from 'node:util'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'
import { parseTtl } from '../../framework/values/duration.ts'
import { readConfigFile } from './config-file.ts'
import { type ImagePattern, parseRegistry, parseSuffix } from './image-pattern.ts'

/** How the node or the pod authenticates. */
type ProviderIdentity =
  | { readonly kind: 'service-account'; readonly clientId: string | undefined; readonly tenantId: string | undefined }
  | { readonly kind: 'managed-identity'; readonly clientId: string | undefined }
  | {
      readonly kind: 'service-principal'
      readonly clientId: string
      readonly tenantId: string
      readonly credential: StoredCredential
    }

/** Where the credential of a service principal is. */
export type StoredCredential =
  | { readonly kind: 'secret-file'; readonly file: string }
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'certificate'; readonly file: string }

/** The settings of the provider. */
export type ProviderSettings = {
  /** The only registries that get a token. */
  readonly registries: readonly ImagePattern[]
  readonly identity: ProviderIdentity
  readonly caFile: string | undefined
  /** The URL of the identity provider. Undefined for the identity provider of the registry. */
  readonly authorityHost: string | undefined
  /** Whether a login is for the whole registry, or only for pulls from the repository of the image. */
  readonly loginScope: 'registry' | 'repository'
  /** The maximum time for which the kubelet caches a login. */
  readonly cacheSeconds: number
  readonly isDebug: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** The settings with a single text, and the variables that also set them. A secret has no option. */
const textSettings = {
  auth: [],
  clientId: ['AZURE_CLIENT_ID'],
  tenantId: ['AZURE_TENANT_ID'],
  clientSecretFile: [],
  certificateFile: ['AZURE_CLIENT_CERTIFICATE_PATH'],
  authorityHost: ['AZURE_AUTHORITY_HOST'],
  caFile: [],
  loginScope: [],
  cacheDuration: [],
} as const satisfies Readonly<Record<string, readonly string[]>>

type TextSetting = keyof typeof textSettings

const textNames = Object.keys(textSettings) as TextSetting[]

/** The names of settings in a configuration file. */
const fileSettings: readonly string[] = ['registries', 'suffixes', ...textNames]

/** Reads the settings: arguments first, then variables, then the configuration file. @throws WrongUsageError */
export async function readSettings(args: readonly string[], env: Environment): Promise<ProviderSettings> {
  const { values, file } = parse(args)
  const inFile = file === undefined ? {} : await readConfigFile(file, fileSettings)
  const text = (name: TextSetting): string | undefined => {
    const given = values[optionOf(name)]
    const variable = textSettings[name].map((each) => env[each]).find((each) => each !== undefined && each !== '')
    return (typeof given === 'string' ? given : undefined) ?? variable ?? textOf(inFile[name], name)
  }
  const registries = [
    ...listOf('registries', values['registry'] ?? inFile['registries']).map(parseRegistry),
    ...listOf('suffixes', values['suffix'] ?? inFile['suffixes']).map(parseSuffix),
  ]
  if (registries.length === 0) throw new WrongUsageError('the settings name no registry', 'add --registry HOST')
  const cacheDuration = text('cacheDuration')
  const identity = identityOf(text, env)
  const authorityHost = httpsUrl(text('authorityHost'))
  if (identity.kind === 'service-principal' && authorityHost === undefined) requireOneRegistry(registries)
  return {
    registries,
    identity,
    caFile: text('caFile'),
    authorityHost,
    loginScope: oneOf('loginScope', text('loginScope') ?? 'registry', ['registry', 'repository']),
    cacheSeconds: cacheDuration === undefined ? defaultCacheSeconds : parseTtl(cacheDuration),
    isDebug: values['debug'] === true,
  }
}

const defaultCacheSeconds = 600

/**
 * Without an authority, the provider sends the secret of a service principal to the registry, which is its own identity
 * provider.
 */
function requireOneRegistry(registries: readonly ImagePattern[]): void {
  if (registries.length === 1 && registries[0]?.kind === 'registry') return
  throw new WrongUsageError(
    'with --auth service-principal, set only one registry: each registry would get the secret',
    'add --authority-host URL to send the secret only to this host, or set exactly one --registry and no --suffix',
  )
}

type Parsed = { readonly values: Readonly<Record<string, unknown>>; readonly file: string | undefined }

function parse(args: readonly string[]): Parsed {
  const options = {
    registry: { type: 'string', multiple: true },
    suffix: { type: 'string', multiple: true },
    debug: { type: 'boolean' },
    ...Object.fromEntries(textNames.map((name) => [optionOf(name), { type: 'string' }])),
  } as const
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (positionals.length > 1) throw new Error('use only one configuration file')
    return { values, file: positionals[0] }
  } catch (error) {
    throw new WrongUsageError(plainReason(error), 'acrux-credential-provider --help lists the options')
  }
}

/** `clientId` as an option is `client-id`. */
function optionOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function listOf(name: 'registries' | 'suffixes', value: unknown): string[] {
  const list = typeof value === 'string' ? [value] : value
  if (list === undefined) return []
  if (!Array.isArray(list) || !list.every((each) => typeof each === 'string'))
    throw new WrongUsageError(`${name} must be a list of hosts`)
  return list
}

function textOf(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw new WrongUsageError(`${name} in the configuration file must be a string`)
}

/** The provider sends a secret or a token to this URL. */
function httpsUrl(value: string | undefined): string | undefined {
  if (value === undefined || URL.parse(value)?.protocol === 'https:') return value
  throw new WrongUsageError('--authority-host must begin with https://')
}

function oneOf<Choice extends string>(name: TextSetting, value: string, choices: readonly Choice[]): Choice {
  const found = choices.find((each) => each === value)
  if (found === undefined) throw new WrongUsageError(`--${optionOf(name)} must be ${choices.join(' or ')}`)
  return found
}

function identityOf(text: (name: TextSetting) => string | undefined, env: Environment): ProviderIdentity {
  const kinds = ['service-account', 'managed-identity', 'service-principal'] as const
  const kind = oneOf('auth', text('auth') ?? 'service-account', kinds)
  const [clientId, tenantId] = [text('clientId'), text('tenantId')]
  switch (kind) {
    case 'service-account':
      return { kind, clientId, tenantId }
    case 'managed-identity':
      return { kind, clientId }
    case 'service-principal': {
      const credential = credentialOf(text, env)
      if (clientId !== undefined && tenantId !== undefined && credential !== undefined)
        return { kind, clientId, tenantId, credential }
      throw new WrongUsageError(
        '--auth service-principal needs a client id, a tenant id and a credential',
        'add --client-id, --tenant-id, and --client-secret-file or --certificate-file',
      )
    }
  }
}

function credentialOf(text: (name: TextSetting) => string | undefined, env: Environment): StoredCredential | undefined {
  const [secretFile, certificate] = [text('clientSecretFile'), text('certificateFile')]
  const secret = env['ACRUX_CLIENT_SECRET'] ?? env['AZURE_CLIENT_SECRET']
  if (secretFile !== undefined) return { kind: 'secret-file', file: secretFile }
  if (certificate !== undefined) return { kind: 'certificate', file: certificate }
  return secret === undefined ? undefined : { kind: 'secret', secret }
}
