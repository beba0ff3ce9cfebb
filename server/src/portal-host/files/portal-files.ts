import { readPackagedFile } from '../../platform/process/packaged-file.ts'
import { decompressed, readOnce } from './built-file.ts'

/** A file of the built portal, compressed. */
export type PortalFile = {
  readonly contentType: string
  /** Whether the file name contains a hash of the content, so that browsers may cache the file forever. */
  readonly isHashed: boolean
  readonly brotli: Buffer
  readonly gzip: Buffer
}

/** The files of the built portal, by their path below `/portal/`. */
export type PortalFiles = ReadonlyMap<string, PortalFile>

/** The document that the build of the portal writes. */
type PortalDocument = {
  readonly files: Readonly<
    Record<
      string,
      { readonly contentType: string; readonly isHashed: boolean; readonly brotli: string; readonly gzip: string }
    >
  >
}

/** Reads the files of the portal. The result is undefined if the portal was not built, such as in a fresh checkout. */
export type ReadPortalFiles = () => PortalFiles | undefined

/** Reads the files after the portal is built. */
export function createPortalFiles(
  read: () => string = () => readPackagedFile(new URL('../assets/portal.json', import.meta.url)),
): ReadPortalFiles {
  return readOnce(
    read,
    (document) =>
      new Map(
        Object.entries((document as PortalDocument).files).map(([path, { contentType, isHashed, brotli, gzip }]) => [
          path,
          { contentType, isHashed, brotli: Buffer.from(brotli, 'base64'), gzip: Buffer.from(gzip, 'base64') },
        ]),
      ),
  )
}

/** The encodings that a client accepts, in lower case. [RFC 9110 §12.5.3] */
export function acceptedEncodings(acceptEncoding: string | undefined): readonly string[] {
  return (acceptEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter((part) => !/;\s*q=0(?:\.0*)?$/.test(part))
    .map((part) => part.split(';')[0]?.trim() ?? '')
}

/** The content of a file in an encoding that the client accepts. */
export function encodedFor(
  acceptEncoding: string | undefined,
  { brotli, gzip }: PortalFile,
): { readonly encoding: 'br' | 'gzip' | undefined; readonly content: Buffer } {
  const accepted = acceptedEncodings(acceptEncoding)
  if (accepted.includes('br')) return { encoding: 'br', content: brotli }
  if (accepted.includes('gzip')) return { encoding: 'gzip', content: gzip }
  return { encoding: undefined, content: decompressed(gzip) }
}
