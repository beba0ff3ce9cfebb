import { valueAt } from '../../../framework/values/shape.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { timeMs } from '../../../framework/values/time-ms.ts'
import { listArm } from '../../../clients/arm/arm.ts'
import {
  type NamedRegistry,
  type OwningRegistryFlags,
  findOwningRegistry,
  registryVersion,
} from '../../../clients/arm/named-registry.ts'

/** An unfinished upload. */
export type Upload = {
  readonly id: string
  readonly repository: string
  /** Who started it, such as `directory:` and an object id. */
  readonly caller: string
  readonly startedAt: string
  readonly lastDataAt: string
  readonly expiresAt: string
  readonly stagedBytes: number
  /** Whether a request is writing to it now. */
  readonly active: boolean
}

/** The path of the uploads below the id of a registry. */
export const uploadsPath = '/providers/Acrux.Server/uploads'

/** The unfinished uploads of a registry, the longest idle one first. @throws ApiError */
export async function listUploads(
  context: CommandContext,
  flags: OwningRegistryFlags,
): Promise<{ readonly named: NamedRegistry; readonly uploads: readonly Upload[] }> {
  const named = await findOwningRegistry(context, flags)
  const documents = await listArm(named.account, `${named.id}${uploadsPath}?api-version=${registryVersion}`)
  const uploads = documents.map(uploadOf)
  return { named, uploads: uploads.toSorted((one, other) => lastDataMs(one) - lastDataMs(other)) }
}

/** When an upload last received data, in milliseconds since the epoch. */
export function lastDataMs({ lastDataAt }: Upload): number {
  return timeMs(lastDataAt) ?? Infinity
}

function uploadOf(document: unknown): Upload {
  const text = (name: string) => String(valueAt(document, `properties.${name}`))
  return {
    id: String(valueAt(document, 'name')),
    repository: text('repository'),
    caller: text('caller'),
    startedAt: text('startedAt'),
    lastDataAt: text('lastDataAt'),
    expiresAt: text('expiresAt'),
    stagedBytes: Number(text('stagedBytes')),
    active: valueAt(document, 'properties.active') === true,
  }
}
