import { type Image, parseImage } from '../../../clients/registry/image.ts'
import { WrongUsageError } from '../../../framework/command/failure.ts'

/** The references in a list: one in each line. Empty lines and lines that begin with `#` are ignored. */
export function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/**
 * Parses the reference of an image: `name:tag` or `name@digest`, or in a given repository also the tag or digest alone.
 *
 * @throws WrongUsageError
 */
export function parseReference(text: string, repository: string | undefined): Image {
  const isDigest = /^sha(?:256|512):/.test(text)
  if (!isDigest && (text.includes('@') || text.includes(':'))) return parseImage(text)
  if (repository === undefined)
    throw new WrongUsageError(
      `'${text}' is neither name:tag nor name@digest`,
      'use -n NAME to give only tags and digests of the repository NAME',
    )
  return isDigest ? { repository, digest: text } : { repository, tag: text }
}
