import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { sizeText } from '@acrux/shared/texts/size-text.ts'
import {
  type Access,
  type OpenRegistry,
  RegistryError,
  askDataPlane,
  documentIn,
  openRegistry,
} from '../../../clients/registry/data-plane.ts'
import { type Image, pathOf } from '../../../clients/registry/image.ts'
import { requireDigest } from '../../../clients/registry/tag-digest.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { CommandFailure, WrongUsageError, failure } from '../../../framework/command/failure.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { concurrently } from '../purge/concurrently.ts'
import type { ManifestFlags } from './flags.ts'
import { linesOf, parseReference } from './many-references.ts'

/** The selection of the manifests, and how the command deletes the manifests. */
export type ManyFlags = Omit<ManifestFlags, 'id'> & {
  readonly id?: readonly string[]
  readonly dryRun?: true
  readonly yes?: true
}

type Found = {
  readonly repository: string
  readonly digest: string
  readonly tags: readonly string[]
  readonly sizeBytes: number
}

type Failed = { readonly image: string; readonly reason: string }

/** The result: the manifests that were deleted or would be deleted, and the images that could not be deleted. */
type ManyResult = {
  readonly dryRun: boolean
  readonly manifests: readonly Omit<Found, 'sizeBytes'>[]
  readonly failed: readonly Failed[]
}

/** How many manifests are deleted in one request, so that the progress is visible. The server accepts 500. */
const deletionsPerRequest = 50

/** How many images are looked up at the same time. */
const concurrency = 4

/** Deletes several manifests, after one question. The exit code is 1 if an image could not be deleted. */
export async function deleteMany(context: CommandContext, flags: ManyFlags): Promise<ManyResult> {
  if (flags.registry === undefined) throw new WrongUsageError('--many needs -r REGISTRY')
  const images = (await readReferences(flags.id ?? [])).map((each) => parseReference(each, flags.name))
  if (images.length === 0) throw new WrongUsageError('--many needs the images to delete', 'pass images, @FILE or -')
  const registry = await openRegistry(context, flags.registry, flags)
  const { found, failed } = await findAll(context, registry, images)
  if (flags.dryRun !== true && found.length > 0) await context.confirm(question(registry, found), flags.yes)
  const done = flags.dryRun === true ? { deleted: found, failed: [] } : await deleteAll(context, registry, found)
  const all = [...failed, ...done.failed]
  for (const { image, reason } of all) context.log.error(`failed to delete ${image}: ${reason}`)
  if (all.length > 0) context.exitWith(1)
  return {
    dryRun: flags.dryRun === true,
    manifests: done.deleted.map(({ sizeBytes: _size, ...manifest }) => manifest),
    failed: all,
  }
}

/** The references in the arguments. `@FILE` and `-` mean the references in a file and in standard input. */
async function readReferences(given: readonly string[]): Promise<readonly string[]> {
  const references: string[] = []
  for (const each of given) {
    if (each === '-') references.push(...linesOf(await readAll(process.stdin)))
    else if (each.startsWith('@')) references.push(...linesOf(await readList(each.slice(1))))
    else references.push(each)
  }
  return references
}

async function readList(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw failure(`the file ${file} cannot be read: ${plainReason(error)}`, undefined, error)
  }
}

/** Finds the manifests of the images, in the order of the images. Several images can have the same manifest. */
async function findAll(
  context: CommandContext,
  registry: OpenRegistry,
  images: readonly Image[],
): Promise<{ readonly found: readonly Found[]; readonly failed: readonly Failed[] }> {
  const answers = new Map<Image, Found | Failed>()
  const bar = context.progress()
  let done = 0
  try {
    for (const [repository, its] of Map.groupBy(images, (image) => image.repository)) {
      const access = await registry.access(`repository:${repository}:metadata_read`)
      await concurrently(its, concurrency, async (image) => {
        try {
          answers.set(image, await findManifest(access, image))
        } catch (error) {
          if (!(error instanceof CommandFailure)) throw error
          answers.set(image, { image: nameOf(image), reason: error.message })
        }
        bar.show((done += 1) / images.length, `reading ${done} of ${images.length}`)
      })
    }
  } finally {
    bar.end()
  }
  const found = new Map<string, Found>()
  const failed: Failed[] = []
  for (const answer of images.map((image) => answers.get(image))) {
    if (answer === undefined) continue
    if ('reason' in answer) failed.push(answer)
    else found.set(`${answer.repository}@${answer.digest}`, answer)
  }
  return { found: [...found.values()], failed }
}

async function findManifest(access: Access, image: Image): Promise<Found> {
  const { repository } = image
  const digest = image.digest ?? (await requireDigest(access, image))
  const response = await askDataPlane(access, { method: 'GET', path: pathOf(repository, '_manifests', digest) })
  const manifest = documentIn(response, 'manifest')
  const tags = valueAt(manifest, 'tags')
  return {
    repository,
    digest,
    tags: Array.isArray(tags) ? tags.map(String) : [],
    sizeBytes: Number(valueAt(manifest, 'imageSize') ?? 0),
  }
}

function question({ loginServer }: OpenRegistry, found: readonly Found[]): string {
  const tags = found.reduce((sum, each) => sum + each.tags.length, 0)
  const bytes = found.reduce((sum, each) => sum + each.sizeBytes, 0)
  const repositories = [...new Set(found.map(({ repository }) => repository))]
  const where = repositories.length > 5 ? `${repositories.length} repositories` : repositories.join(', ')
  return `Are you sure you want to delete ${count(found.length, 'manifest')} with ${count(tags, 'tag')} (at most ${sizeText(bytes)}) in ${where} of ${loginServer}?`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

async function deleteAll(
  context: CommandContext,
  registry: OpenRegistry,
  found: readonly Found[],
): Promise<{ readonly deleted: readonly Found[]; readonly failed: readonly Failed[] }> {
  const deleted: Found[] = []
  const failed: Failed[] = []
  const bar = context.progress()
  try {
    for (const [repository, its] of Map.groupBy(found, (each) => each.repository)) {
      for (let start = 0; start < its.length; start += deletionsPerRequest) {
        const some = its.slice(start, start + deletionsPerRequest)
        const reasons = await deleteSome(await registry.access(`repository:${repository}:delete`), some)
        for (const [index, manifest] of some.entries()) {
          const reason = reasons[index]
          if (reason === undefined) deleted.push(manifest)
          else failed.push({ image: nameOf(manifest), reason })
        }
        const done = deleted.length + failed.length
        bar.show(done / found.length, `deleted ${done} of ${found.length}`)
      }
    }
  } finally {
    bar.end()
  }
  return { deleted, failed }
}

/** Deletes manifests in one request. Returns the reason of each failure, or undefined for a deleted manifest. */
async function deleteSome(access: Access, manifests: readonly Found[]): Promise<readonly (string | undefined)[]> {
  const operations = manifests.map(({ repository, digest }) => ({
    operation: 'deleteManifest',
    repository,
    reference: digest,
  }))
  try {
    const results = documentIn(
      await askDataPlane(access, { method: 'POST', path: '/acr/v1/_bulk', body: { operations } }),
      'results',
    )
    return manifests.map((_manifest, index) => reasonOf(Array.isArray(results) ? results[index] : undefined))
  } catch (error) {
    // The manifests of earlier requests were already deleted, and the result lists these manifests.
    if (!(error instanceof RegistryError)) throw error
    return manifests.map(() => error.message)
  }
}

function reasonOf(result: unknown): string | undefined {
  const status = valueAt(result, 'status')
  if (typeof status === 'number' && status < 300) return undefined
  const message = valueAt(result, 'error.message')
  return typeof message === 'string' ? message : 'the server sent no result'
}

function nameOf({ repository, tag, digest }: Image): string {
  return digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`
}
