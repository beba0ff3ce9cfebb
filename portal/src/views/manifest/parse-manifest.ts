import type { Descriptor, PushedManifest } from '../../api/pushed-types.ts'

/**
 * What a manifest contains. A client pushed it, so it can contain anything: a value of an unexpected type is
 * ignored.
 */
export type ManifestContent = {
  readonly artifactType: string | undefined
  readonly config: Descriptor | undefined
  readonly layers: readonly Descriptor[]
  readonly manifests: readonly Descriptor[]
  /** What it refers to, if it is a signature, an SBOM or the like. */
  readonly subject: Descriptor | undefined
  readonly annotations: readonly (readonly [name: string, value: string])[]
}

const maxItems = 500

/** Parses a manifest or an index. */
export function parseManifest(text: string): ManifestContent {
  const manifest = parseObject(text) as PushedManifest
  return {
    artifactType: typeof manifest.artifactType === 'string' ? manifest.artifactType : undefined,
    config: parseDescriptor(manifest.config),
    layers: parseDescriptors(manifest.layers),
    manifests: parseDescriptors(manifest.manifests),
    subject: parseDescriptor(manifest.subject),
    annotations: parseTexts(manifest.annotations),
  }
}

/** The configuration of an image, as far as the portal shows it. */
export type ImageConfig = {
  readonly created: string | undefined
  readonly platform: string | undefined
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly user: string | undefined
  readonly environment: readonly string[]
  readonly ports: readonly string[]
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly history: readonly { readonly created: string; readonly by: string; readonly isEmpty: boolean }[]
}

/** Parses the configuration of an image. [OCI image-spec, config] */
export function parseImageConfig(text: string): ImageConfig {
  const { created, os, architecture, config, history } = parseObject(text)
  const run = objectOf(config)
  return {
    created: textOf(created),
    platform: platformName(textOf(os), textOf(architecture)),
    entrypoint: parseTextList(run['Entrypoint']),
    command: parseTextList(run['Cmd']),
    user: textOf(run['User']),
    environment: parseTextList(run['Env']),
    ports: Object.keys(objectOf(run['ExposedPorts'])).slice(0, maxItems),
    labels: parseTexts(run['Labels']),
    history: listOf(history).map((step) => {
      const { created: at, created_by: by, empty_layer: empty } = objectOf(step)
      return { created: textOf(at) ?? '', by: textOf(by) ?? '', isEmpty: empty === true }
    }),
  }
}

/** The descriptors of an index, such as the answer to a request for referrers. */
export function parseIndex(index: unknown): readonly Descriptor[] {
  return parseDescriptors(objectOf(index)['manifests'])
}

/** Such as `linux/arm64/v8`. */
export function platformName(...parts: readonly (string | undefined)[]): string | undefined {
  const known = parts.filter((part) => part !== undefined && part !== '')
  return known.length === 0 ? undefined : known.join('/')
}

function parseDescriptors(value: unknown): readonly Descriptor[] {
  return listOf(value)
    .map(parseDescriptor)
    .filter((descriptor) => descriptor !== undefined)
}

function parseDescriptor(value: unknown): Descriptor | undefined {
  const { mediaType, digest, size, artifactType, platform, annotations } = objectOf(value)
  if (typeof digest !== 'string') return undefined
  const { os, architecture, variant } = objectOf(platform)
  return {
    digest,
    mediaType: textOf(mediaType) ?? '',
    size: typeof size === 'number' ? size : 0,
    ...optional('artifactType', textOf(artifactType)),
    platform: {
      ...optional('os', textOf(os)),
      ...optional('architecture', textOf(architecture)),
      ...optional('variant', textOf(variant)),
    },
    annotations: Object.fromEntries(parseTexts(annotations)),
  }
}

function optional<Name extends string>(name: Name, value: string | undefined): { readonly [Key in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: string }
}

function parseTexts(value: unknown): readonly (readonly [string, string])[] {
  return Object.entries(objectOf(value))
    .flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as const] : []))
    .slice(0, maxItems)
}

function parseTextList(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string')
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return {}
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, maxItems) : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
