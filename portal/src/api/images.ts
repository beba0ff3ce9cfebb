import { readJson } from './client.ts'
import type { Image, ImageList, TagHistory } from './content-types.ts'
import { type Page, nextOf, pageQuery, propertiesPath } from './registry.ts'

/** An image in the list of the images of a repository. */
export type ImageRow = Image

/** A page of the list of images. The first page has the number of all, if it is known. */
export type ImagePage = Page<ImageRow> & { readonly count: number | undefined }

/** The order and the filters of the list of images. */
export type ImageQuestion = {
  readonly orderby: string
  readonly filter?: string
  readonly pushedBy?: string
  readonly notPulledSince?: string
  readonly unsigned?: string
  readonly critical?: string
}

/** A page of the images of a repository, with their columns. */
export async function listImages(
  { loginServer, repository }: { readonly loginServer: string; readonly repository: string },
  question: ImageQuestion,
  last: string,
  signal: AbortSignal,
): Promise<ImagePage> {
  const query = `${pageQuery(last)}&${new URLSearchParams(question).toString()}`
  const path = `${propertiesPath(loginServer, repository, ['_images'])}?${query}`
  const { body, headers } = await readJson<ImageList>(path, { signal })
  return { items: body.images, next: nextOf(headers), count: body.count }
}

/** The changes of a tag, the newest first. */
export async function readTagHistory(loginServer: string, repository: string, tag: string, signal: AbortSignal) {
  const path = propertiesPath(loginServer, repository, ['_tags', tag, '_history'])
  return (await readJson<TagHistory>(path, { signal })).body.changes
}
