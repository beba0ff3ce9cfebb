import { valueAt } from '../../../framework/values/shape.ts'

/**
 * The manifest to which a tag is moved back: the newest existing manifest in the history of the tag to which the tag
 * does not point now. Undefined if there is no such manifest.
 */
export function previousDigest(changes: readonly unknown[]): string | undefined {
  const present = valueAt(changes[0], 'digest')
  const previous = changes.find((change) => valueAt(change, 'exists') === true && valueAt(change, 'digest') !== present)
  const digest = valueAt(previous, 'digest')
  return typeof digest === 'string' ? digest : undefined
}
