import path from 'node:path'
import { parseImageName } from '@acrux/shared/standards/oci/image-name.ts'
import { type Reference, type Tag, parseReference, parseTag } from '@acrux/shared/standards/oci/reference.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { importImage } from '../../imports/index.ts'
import { type SeedContext, type SeedPlan, type SeedRegistry, seedActor, seedOrigin } from './context.ts'
import { type Descriptor, type PreparedImage, generateImage } from './generated-image.ts'
import { readLayoutImage } from './layout-image.ts'
import type { SeedDocument } from './read-seed.ts'
import { findSeedRegistry } from './registries.ts'
import type { Seed } from './schema.ts'
import type { SeedPath } from './seed-error.ts'

type ImageSeed = Seed['images'][number]

/** An image of the document after its preparation, and its destination. */
export type SeedImage = {
  readonly ref: string
  readonly path: SeedPath
  readonly registry: SeedRegistry
  readonly repository: RepositoryName
  readonly tag: Tag | undefined
  readonly image: PreparedImage
}

/** The results for the images of a seed, by their `ref`. */
export type ImageOutput = { readonly digest: string; readonly reference: string }

const defaultBytes = 1024
/** How long the bytes of an image may remain in staging. */
const maxStoreMs = 60 * 60 * 1000

/** Generates or reads the images, but does not store them. */
export async function planImages(context: SeedContext, document: SeedDocument, plan: SeedPlan): Promise<SeedImage[]> {
  const planned: SeedImage[] = []
  for (const [index, wanted] of document.seed.images.entries()) {
    const at = ['images', index]
    const { registryName, repository, tag } = parseRef(document, wanted, at)
    const registry = await findSeedRegistry(context, plan, registryName)
    if (registry === undefined) {
      throw document.errorAt([...at, 'ref'], `names the registry ${registryName}, but there is no such registry`)
    }
    const place = { ref: wanted.ref, path: at, registry, repository, tag }
    const image =
      wanted.from === undefined
        ? await generate(context, document, wanted, { ...place, planned })
        : await readFrom(document, wanted, { from: wanted.from, at, tag })
    planned.push({ ...place, image })
  }
  return planned
}

/** Stores the images that are missing in the registries. @throws SeedError */
export async function storeImages(
  context: SeedContext,
  { errorAt }: SeedDocument,
  images: readonly SeedImage[],
): Promise<Record<string, ImageOutput>> {
  const outputs: Record<string, ImageOutput> = {}
  for (const image of images) {
    outputs[image.ref] = await storeImage(context, image).catch((error: unknown) => {
      throw errorAt(image.path, `cannot be stored: ${plainReason(error)}`, { cause: error })
    })
  }
  return outputs
}

async function storeImage(
  { resources, registry: { content }, clock }: SeedContext,
  { registry: { name, rid }, repository, tag, image: { digest, source } }: SeedImage,
): Promise<ImageOutput> {
  const registry = await resources.findRegistryByRid(rid())
  if (registry === undefined) throw new Error(`the registry ${name} was deleted`)
  const wanted: Reference = tag === undefined ? { kind: 'digest', digest } : { kind: 'tag', tag }
  const present = await content.readManifest({ rid: registry.rid, repository }, wanted)
  if (present?.digest !== digest) {
    const origin = seedOrigin()
    await importImage(content, {
      id: origin.correlationId,
      source,
      reference: { kind: 'digest', digest },
      into: { registry, caller: storer, origin },
      targets: new Map([[repository, tag === undefined ? [] : [tag]]]),
      force: true,
      requirePermitted: () => Promise.resolve(),
      expiresAtMs: clock.now() + maxStoreMs,
    })
  }
  const image = `${registry.loginServer}/${repository}`
  return { digest, reference: tag === undefined ? `${image}@${digest}` : `${image}:${tag}` }
}

const storer = {
  key: 'seed',
  actor: seedActor,
  deletionsSeen: Number.MAX_SAFE_INTEGER,
  mayPull: () => Promise.resolve(true),
  identify: () => Promise.resolve({ kind: 'server', id: seedActor.id, name: 'Seed' } as const),
}

function parseRef({ errorAt }: SeedDocument, { ref, subject }: ImageSeed, at: SeedPath) {
  const [, registryName = '', rest = ''] = /^([^/]+)\/(.+)$/.exec(ref) ?? []
  const name = parseImageName(rest)
  if (name === undefined || name.reference?.kind === 'digest') {
    throw errorAt([...at, 'ref'], 'must be a registry, a repository and a tag, such as contoso/team/app:1')
  }
  const tag = name.reference?.tag ?? (subject === undefined ? parseTag('latest') : undefined)
  return { registryName, repository: name.repository, tag }
}

async function readFrom(
  { directory, errorAt }: SeedDocument,
  wanted: ImageSeed,
  { from, at, tag }: { readonly from: string; readonly at: SeedPath; readonly tag: Tag | undefined },
): Promise<PreparedImage> {
  for (const key of ['layers', 'bytes', 'platforms', 'subject'] as const) {
    if (wanted[key] !== undefined)
      throw errorAt([...at, key], "applies only to generated images: omit this key, or omit the key 'from'")
  }
  if (directory === undefined) {
    throw errorAt([...at, 'from'], 'is not allowed here: the control API is reachable from the network. Use --seed')
  }
  try {
    return await readLayoutImage(path.resolve(directory, from), tag)
  } catch (error) {
    throw errorAt([...at, 'from'], error instanceof Error ? `cannot be used: ${error.message}` : 'cannot be used', {
      cause: error,
    })
  }
}

type Place = Pick<SeedImage, 'path' | 'registry' | 'repository' | 'tag'> & { readonly planned: readonly SeedImage[] }

async function generate(
  context: SeedContext,
  document: SeedDocument,
  { subject, layers = 1, bytes = defaultBytes, platforms }: ImageSeed,
  place: Place,
): Promise<PreparedImage> {
  const { repository, tag } = place
  const descriptor = subject === undefined ? undefined : await requireSubject(context, document, subject, place)
  const name = `${repository}:${tag ?? descriptor?.digest ?? ''}`
  return generateImage({ name, layers, bytes, platforms, subject: descriptor })
}

/** The image to which another image refers. It comes earlier in the document, or exists in the registry. */
async function requireSubject(
  { registry: { content } }: SeedContext,
  { errorAt }: SeedDocument,
  subject: string,
  { path: at, registry, repository, planned }: Place,
): Promise<Descriptor> {
  const wanted = parseSubject(subject, repository)
  if (wanted === undefined) {
    throw errorAt(
      [...at, 'subject'],
      `must be a tag, a digest or a reference of an image in the repository ${repository}`,
    )
  }
  const isWanted = (other: SeedImage) =>
    other.registry.id === registry.id &&
    other.repository === repository &&
    (wanted.kind === 'tag' ? other.tag === wanted.tag : other.image.digest === wanted.digest)
  const earlier = planned.findLast(isWanted)
  if (earlier !== undefined) {
    const { mediaType, digest, size } = earlier.image
    return { mediaType, digest, size }
  }
  const stored = registry.present && (await content.readManifest({ rid: registry.present.rid, repository }, wanted))
  if (stored === undefined) {
    throw errorAt(
      [...at, 'subject'],
      `names ${subject}, but there is no such image, and no earlier image in the seed has this name`,
    )
  }
  return { mediaType: stored.mediaType, digest: stored.digest, size: stored.bytes.length }
}

/** Parses `1`, `sha256:…`, `repository:1`, `contoso/repository:1` or `login.server/repository@sha256:…`. */
function parseSubject(text: string, repository: RepositoryName): Reference | undefined {
  const withoutHost = text.replace(/^[^/]*\//, '')
  const named = [text, withoutHost].map(parseImageName).find((name) => name?.repository === repository)
  return parseReference(text) ?? named?.reference
}
