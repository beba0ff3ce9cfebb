import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { readPackagedFile } from '../../platform/process/packaged-file.ts'

/** A file of the documents, compressed. */
export type DocumentFile = { readonly contentType: string; readonly etag: string; readonly gzip: Buffer }

/** The files of the documents, by their path below `/docs/`. */
export type Documents = ReadonlyMap<string, DocumentFile>

/** Reads the documents. Undefined if they were not built, as in a fresh checkout. */
export type ReadDocuments = () => Documents | undefined

/** The file that `npm run docs` writes. */
type BuiltDocuments = {
  readonly files: Readonly<
    Record<string, { readonly contentType: string; readonly etag: string; readonly gzip: string }>
  >
}

/** Reads the documents once, at the first request; until they are built, at every request. */
export function createDocuments(
  read: () => string = () => readPackagedFile(new URL('../assets/docs.json', import.meta.url)),
): ReadDocuments {
  let documents: Documents | undefined
  return () => (documents ??= parse(read))
}

function parse(read: () => string): Documents | undefined {
  let text: string
  try {
    text = read()
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const { files } = JSON.parse(text) as BuiltDocuments
  return new Map(
    Object.entries(files).map(([path, { gzip, ...file }]) => [path, { ...file, gzip: Buffer.from(gzip, 'base64') }]),
  )
}
