import { type Shape, object, same } from '../../framework/values/shape.ts'
import { documentOf } from '../../framework/values/shape.ts'

const group: Shape = {
  ...same('id', 'name', 'type', 'location', 'managedBy', 'tags'),
  properties: ['properties', object(same('provisioningState'))],
}

/** The document of a resource group. */
export function groupDocument(response: unknown): Record<string, unknown> {
  return documentOf(group, response)
}
