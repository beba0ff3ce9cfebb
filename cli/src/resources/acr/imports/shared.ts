import { listArm } from '../../../clients/arm/arm.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import {
  type NamedRegistry,
  type OwningRegistryFlags,
  findOwningRegistry,
  registryVersion,
} from '../../../clients/arm/named-registry.ts'

/** An image import, running or ended within the last seven days. */
export type Import = {
  readonly id: string
  /** `running`, `cancelling`, `succeeded` or `failed`. */
  readonly state: string
  readonly source: string
  readonly targets: readonly string[]
  /** The object id of the caller. */
  readonly requestedBy: string
  readonly startedAt: string
  readonly endedAt: string | null
  /** Why it failed. */
  readonly reason: string | null
  readonly message: string | null
}

/** The path of the imports below the id of a registry. */
export const importsPath = '/providers/Acrux.Server/imports'

/** The imports into a registry that the caller sees, the newest first. @throws ApiError */
export async function listImports(
  context: CommandContext,
  flags: OwningRegistryFlags,
): Promise<{ readonly named: NamedRegistry; readonly imports: readonly Import[] }> {
  const named = await findOwningRegistry(context, flags)
  const documents = await listArm(named.account, `${named.id}${importsPath}?api-version=${registryVersion}`)
  const imports = documents.map(importOf)
  return { named, imports: imports.toSorted((one, other) => other.startedAt.localeCompare(one.startedAt)) }
}

/** Whether an import has not ended. */
export function isRunning({ endedAt }: Import): boolean {
  return endedAt === null
}

function importOf(document: unknown): Import {
  const optional = (name: string): string | null => {
    const value = valueAt(document, `properties.${name}`)
    return typeof value === 'string' ? value : null
  }
  const text = (name: string) => optional(name) ?? ''
  const targets = valueAt(document, 'properties.targets')
  return {
    id: String(valueAt(document, 'name')),
    state: text('state'),
    source: text('source'),
    targets: Array.isArray(targets) ? targets.map(String) : [],
    requestedBy: text('requestedBy'),
    startedAt: text('startedAt'),
    endedAt: optional('endedAt'),
    reason: optional('reason'),
    message: optional('message'),
  }
}
