import { parseImageName } from '@acrux/shared/standards/oci/image-name.ts'
import { referenceText } from '@acrux/shared/standards/oci/reference.ts'

/** The image that an event of the audit log names. */
export type ImageTarget = { readonly loginServer: string; readonly repository: string; readonly reference: string }

/** Reads `loginServer/repository:tag` or `loginServer/repository@digest`. */
export function parseImageTarget(target: string): ImageTarget | undefined {
  const [, loginServer = '', name = ''] = /^([^/]+)\/(.+)$/.exec(target) ?? []
  const { repository, reference } = parseImageName(name) ?? {}
  if (repository === undefined || reference === undefined) return undefined
  return { loginServer, repository, reference: referenceText(reference) }
}
