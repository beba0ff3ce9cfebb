import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import type { DeepReadonly } from '../platform/process/deep-readonly.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { type ConfigurationFile, readConfigurationFile } from './configuration-file.ts'
import { nearestName } from '@acrux/shared/texts/nearest-name.ts'
import type { ListenAddress } from './network-address.ts'
import { defaultDataDir, thisPlace } from './default-data-dir.ts'
import { configurationSchema } from './schema.ts'
import type { SettingKind } from './setting-texts.ts'
import { configFileSetting, type SettingDefinition, settingDefinitions, variablePrefix } from './settings.ts'
import { cutText } from '@acrux/shared/standards/http/cut-text.ts'

/** The settings of the server, validated, complete and frozen. Paths are absolute, hosts in lower case. */
export type Configuration = DeepReadonly<z.output<typeof configurationSchema>>

/** The settings are invalid. `problems` lists every problem with its source. */
export class ConfigurationError extends StartupError {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'), exitCodes.configuration, 'acrux serve --help lists all settings')
    this.problems = problems
  }
}

/** The sources of settings in order of precedence: flags, environment, and the file that a flag or variable names. */
export type ConfigurationSources = {
  /** The values of the flags by `flagKey`; undefined values are not set. */
  readonly flags?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Reads a text file, or throws. */
  readonly readFile?: (file: string) => string
}

/** The settings before validation, and the source of each. */
type Gathered = {
  settings: unknown
  readonly sources: Map<string, string>
  readonly problems: string[]
  /** The defaults that depend on the machine. */
  readonly computed: Set<string>
  file?: ConfigurationFile & { readonly name: string }
}

/**
 * Reads and validates the settings. The source with the highest precedence wins, even for lists. An empty variable
 * counts as not set.
 *
 * @throws ConfigurationError with all problems, including unknown names
 */
export async function loadConfiguration(from: ConfigurationSources = {}): Promise<Configuration> {
  const { flags = {}, env = {}, readFile = (file) => readFileSync(file, 'utf8') } = from
  const gathered: Gathered = { settings: {}, sources: new Map(), problems: [], computed: new Set() }
  await gatherFile(gathered, flags, env, readFile)
  gatherVariables(gathered, env)
  gatherFlags(gathered, flags)
  if (isMapping(gathered.settings) && !('dataDir' in gathered.settings)) {
    gathered.settings['dataDir'] = defaultDataDir(thisPlace(env))
    gathered.computed.add('dataDir')
  }
  const result = configurationSchema.safeParse(gathered.settings, { reportInput: true })
  const problems = [...gathered.problems, ...(result.error?.issues ?? []).flatMap((issue) => describe(issue, gathered))]
  if (!result.success || problems.length > 0) throw new ConfigurationError([...new Set(problems)])
  const configuration = deepFreeze(result.data)
  sources.set(configuration, gathered)
  return configuration
}

/**
 * The settings of a server for which the operating system has chosen the free ports: `addresses` are the addresses in
 * `listen`, in the same order, with the actual ports. Default hosts also get the actual port.
 */
export function withActualPorts(configuration: Configuration, addresses: readonly ListenAddress[]): Configuration {
  const { listen, publicHost, suffix } = configuration
  const portOf = (index: number) => addresses[index]?.port ?? 0
  const complete = (host: string) => host.replace(/:0$/, `:${portOf(0)}`)
  const actual = deepFreeze({
    ...configuration,
    listen: listen.map(({ host }, index) => ({ host, port: portOf(index) })),
    publicHost: complete(publicHost),
    suffix: complete(suffix),
  })
  const gathered = sources.get(configuration)
  if (gathered !== undefined) sources.set(actual, gathered)
  return actual
}

/** Stored beside the configurations, because the sources are not settings. */
const sources = new WeakMap<Configuration, Gathered>()

/** The flag, the variable, or the file and line that set a setting; undefined for a default. */
export function sourceOfSetting(configuration: Configuration, key: string): string | undefined {
  const gathered = sources.get(configuration)
  if (gathered === undefined) return undefined
  const source = gathered.sources.get(key)
  if (source !== undefined) return source
  const isInFile =
    gathered.file !== undefined && !gathered.computed.has(key) && valueAt(gathered.settings, key) !== undefined
  return isInFile ? sourceOf(key.split('.'), gathered) : undefined
}

async function gatherFile(
  gathered: Gathered,
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
  readFile: (file: string) => string,
): Promise<void> {
  const flag = flags[configFileSetting.flagKey]
  const name = typeof flag === 'string' ? flag : env[configFileSetting.variable]
  if (name === undefined || name === '') return
  const file = await readConfigurationFile(name, readFile)
  if (!('lineOf' in file)) {
    for (const { line, message } of file)
      gathered.problems.push(`${name}${line === undefined ? '' : `:${line}`}: ${message}`)
    return
  }
  gathered.file = { ...file, name }
  gathered.settings = file.settings
  for (const definition of settingDefinitions) {
    if (definition.key === undefined) continue
    const value = valueAt(gathered.settings, definition.key)
    if (definition.kind === 'list' && typeof value === 'string') put(gathered, definition, [value])
    if (definition.isGroupValue === true) spreadGroup(gathered, definition.key)
  }
}

/** Replaces the text in place of a mapping by the mapping: `database: URL` by `database: { url: URL }`. */
function spreadGroup({ settings }: Gathered, key: string): void {
  const [group = '', name = ''] = key.split('.')
  if (isMapping(settings) && typeof settings[group] === 'string') settings[group] = { [name]: settings[group] }
}

function gatherVariables(gathered: Gathered, env: Readonly<Record<string, string | undefined>>): void {
  const definitions = new Map(settingDefinitions.map((definition) => [definition.variable, definition]))
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(variablePrefix) || value === undefined || value === '') continue
    const definition = definitions.get(variable)
    if (definition !== undefined) {
      put(gathered, definition, readers[definition.kind](value), variable)
    } else if (!isServiceLink(variable, value)) {
      gathered.problems.push(`${variable}: no such setting${suggestion(variable, [...definitions.keys()])}`)
    }
  }
}

function gatherFlags(gathered: Gathered, flags: Readonly<Record<string, unknown>>): void {
  const definitions = new Map(settingDefinitions.map((definition) => [definition.flagKey, definition]))
  for (const [flagKey, value] of Object.entries(flags)) {
    if (value === undefined) continue
    const definition = definitions.get(flagKey)
    if (definition === undefined) {
      gathered.problems.push(
        `${flagKey}: no such flag${suggestion(
          flagKey,
          settingDefinitions.map(({ flag }) => flag),
        )}`,
      )
    } else if (definition.kind === 'list') {
      put(gathered, definition, typeof value === 'string' ? [value] : value, definition.flag)
    } else {
      put(gathered, definition, typeof value === 'string' ? readers[definition.kind](value) : value, definition.flag)
    }
  }
}

/** Converts a text to a value. An invalid text stays a text, which the schema rejects. */
const readers: Readonly<Record<SettingKind, (text: string) => unknown>> = {
  text: (text) => text,
  number: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text),
  boolean: (text) => (text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text),
  list: (text) => text.split(',').map((item) => item.trim()),
  json: (text) => {
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  },
}

/**
 * Kubernetes sets variables for the services of its namespace in every container. For a service called `acrux`, the
 * variables begin with the same prefix as settings. [Kubernetes, Accessing Services, environment variables]
 */
function isServiceLink(variable: string, value: string): boolean {
  return (
    /_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/.test(variable) ||
    /_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(variable) ||
    (variable.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(value))
  )
}

function put(gathered: Gathered, { key }: SettingDefinition, value: unknown, source?: string): void {
  if (key === undefined) return
  const path = key.split('.')
  const last = path.pop()
  let parent = gathered.settings
  for (const part of path) {
    if (!isMapping(parent)) return
    parent = parent[part] ??= {}
  }
  // The schema rejects a value that is not a mapping.
  if (last === undefined || !isMapping(parent)) return
  parent[last] = value
  if (source !== undefined) gathered.sources.set(key, source)
}

function valueAt(settings: unknown, key: string): unknown {
  return key.split('.').reduce<unknown>((value, part) => (isMapping(value) ? value[part] : undefined), settings)
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function describe(issue: z.core.$ZodIssue, gathered: Gathered): string[] {
  const known = settingDefinitions.flatMap(({ key }) => (key === undefined ? [] : [key]))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => {
      const path = [...issue.path, name]
      const key = path.join('.')
      return `${sourceOf(path, gathered)}: ${key}: no such setting${suggestion(key, known)}`
    })
  }
  const source = sourceOf(issue.path, gathered)
  const key = known.find((candidate) => issue.path.join('.').startsWith(candidate)) ?? issue.path.join('.')
  const { kind } = settingDefinitions.find((definition) => definition.key === key) ?? {}
  const within = kind === 'json' ? issue.path.slice(key.split('.').length).join('.') : ''
  const subject =
    source.startsWith('--') || source.startsWith(variablePrefix) || key === '' ? source : `${source}: ${key}`
  return [`${subject}: ${within === '' ? '' : `${within} `}${issue.message}${received(issue.input)}`]
}

function sourceOf(path: readonly PropertyKey[], { sources, file }: Gathered): string {
  for (let length = path.length; length > 0; length -= 1) {
    const source = sources.get(path.slice(0, length).join('.'))
    if (source !== undefined) return source
  }
  return file === undefined ? 'settings' : `${file.name}:${file.lineOf(path)}`
}

function received(input: unknown): string {
  if (input === null) return ', not null'
  if (typeof input !== 'string' && typeof input !== 'number' && typeof input !== 'boolean') return ''
  const text = JSON.stringify(input)
  return `, not ${cutText(text, 100, '…')}`
}

function suggestion(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names)
  return nearest === undefined ? '' : `; did you mean ${nearest}?`
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}
