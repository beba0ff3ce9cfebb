import { failure } from '../../framework/command/failure.ts'
import { type Access, askDataPlane, documentIn } from './data-plane.ts'
import { type Image, pathOf } from './image.ts'

/** The digest of the manifest that a tag names. @throws CommandFailure if the tag does not exist */
export async function requireDigest(access: Access, { repository, tag = 'latest' }: Image): Promise<string> {
  const response = await askDataPlane(access, { method: 'GET', path: pathOf(repository, '_tags', tag) })
  const digest = documentIn(response, 'tag.digest')
  if (typeof digest === 'string' && digest !== '') return digest
  throw failure(`Could not get the manifest digest for image '${repository}:${tag}'.`)
}
