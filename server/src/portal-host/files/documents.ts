import { readPackagedFile } from '../../platform/process/packaged-file.ts'
import { readOnce } from './built-file.ts'

/** A file of the documents, compressed. */
export type DocumentFile = { readonly contentType: string; readonly etag: string; readonly gzip: Buffer }

/** The files of the documents, by their path below `/docs/`. */
export type Documents = ReadonlyMap<string, DocumentFile>

/** Reads the documents. The result is undefined if the documents were not built, such as in a fresh checkout. */
export type ReadDocuments = () => Documents | undefined

/** The file that `npm run docs` writes. */
type BuiltDocuments = {
  readonly files: Readonly<
    Record<string, { readonly contentType: string; readonly etag: string; readonly gzip: string }>
  >
}

/** Reads the documents after they are built. */
export function createDocuments(
  read: () => string = () => readPackagedFile(new URL('../assets/docs.json', import.meta.url)),
): ReadDocuments {
  return readOnce(
    read,
    (document) =>
      new Map(
        Object.entries((document as BuiltDocuments).files).map(([path, { gzip, ...file }]) => [
          path,
          { ...file, gzip: Buffer.from(gzip, 'base64') },
        ]),
      ),
  )
}
