import { listArm } from '../../clients/arm/arm.ts'
import {
  type NamedRegistry,
  type OwningRegistryFlags,
  askRegistry,
  findOwningRegistry,
  ownRegistryFlags,
  registryVersion,
} from '../../clients/arm/named-registry.ts'
import { azExitCodes, defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure, WrongUsageError } from '../../framework/command/failure.ts'
import { yesFlag } from '../../framework/options/flags.ts'
import { valueAt } from '../../framework/values/shape.ts'

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
  /** The reason of the failure. */
  readonly reason: string | null
  readonly message: string | null
}

/** The path of the imports below the id of a registry. */
const importsPath = '/providers/Acrux.Server/imports'

/** The imports into a registry that the caller sees, the newest first. @throws ApiError */
async function fetchImports(
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

type ListImportsFlags = OwningRegistryFlags & { readonly all?: true }

/** `acrux acr imports list`. az has no such command. */
export const listImports = defineCommand<ListImportsFlags>({
  about: `
The newest import comes first. The list contains your own imports, or all imports if you have the permission
Acrux.Server/imports/read on the registry.`,
  flags: [
    ...ownRegistryFlags,
    { flags: '--all', description: 'include the imports that ended within the last seven days' },
  ],
  examples: [
    'acrux acr imports list -r contoso -o table',
    'acrux acr imports list -r contoso --all --query "[?state==\'failed\']"',
  ],
  table: (imports: readonly Import[]) =>
    imports.map(({ id, state, source, targets, requestedBy, startedAt, message }) => ({
      ID: id,
      STATE: state,
      SOURCE: source,
      TARGETS: targets.join(' '),
      'REQUESTED BY': requestedBy,
      STARTED: startedAt,
      MESSAGE: message ?? '',
    })),
  run: async ({ all, ...registry }, context) => {
    const { imports } = await fetchImports(context, registry)
    return all === true ? imports : imports.filter(isRunning)
  },
})

type CancelImportsFlags = OwningRegistryFlags & {
  readonly id?: readonly string[]
  readonly all?: true
  readonly yes?: true
}

/** `acrux acr imports cancel`. az has no such command. */
export const cancelImports = defineCommand<CancelImportsFlags>({
  about: `
A cancelled import sets no tag. Garbage collection deletes the content that a cancelled import fetched. You can cancel
your own imports, or all imports if you also have the permission Acrux.Server/imports/delete on the registry.

On a terminal, the command asks for a confirmation. Elsewhere, it needs --yes.`,
  flags: [
    ...ownRegistryFlags,
    { flags: '--id <id>', description: 'the id of an import. Can be repeated', repeated: true },
    { flags: '--all', description: 'cancel all running imports that you can see' },
    yesFlag,
  ],
  examples: [
    'acrux acr imports cancel -r contoso --id 3b1f0c7e-9a4d-4f0e-8d51-6c2b7a90e412',
    'acrux acr imports cancel -r contoso --all --yes',
  ],
  exitCodes: azExitCodes,
  text: (cancelled: readonly Import[]) =>
    [
      ...cancelled.map(({ id, source, targets }) => `cancelled ${id}  ${source}  ${targets.join(' ')}`),
      `cancelled ${cancelled.length} imports`,
    ].join('\n'),
  run: async ({ id, all, yes, ...registry }, context) => {
    if ((id === undefined) === (all === undefined)) throw new WrongUsageError('specify either --id or --all')
    const { named, imports } = await fetchImports(context, registry)
    const running = imports.filter(isRunning)
    const selected = id === undefined ? running : id.map((each) => requireImport(running, each, named))
    const question = `Are you sure you want to cancel ${selected.length} imports into ${named.name}?`
    if (selected.length > 0) await context.confirm(question, yes)
    for (const each of selected) await askRegistry(named, 'DELETE', { path: `${importsPath}/${each.id}` })
    return selected
  },
})

function requireImport(running: readonly Import[], id: string, { name }: NamedRegistry): Import {
  const found = running.find((each) => each.id === id.toLowerCase())
  if (found !== undefined) return found
  throw new CommandFailure(
    `the registry ${name} has no running import ${id}`,
    3,
    `list the imports: acrux acr imports list -r ${name}`,
  )
}
