import { evenSizeText } from '@acrux/shared/texts/size-text.ts'
import { ApiError, listArm } from '../../clients/arm/arm.ts'
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
import { requireDuration, timeMs } from '../../framework/values/duration.ts'
import { valueAt } from '../../framework/values/shape.ts'

/** An unfinished upload. */
type Upload = {
  readonly id: string
  readonly repository: string
  /** The principal that started the upload, such as `directory:` and an object id. */
  readonly caller: string
  readonly startedAt: string
  readonly lastDataAt: string
  readonly expiresAt: string
  readonly stagedBytes: number
  /** Whether a request is writing to the upload now. */
  readonly active: boolean
}

/** The path of the uploads below the id of a registry. */
const uploadsPath = '/providers/Acrux.Server/uploads'

/** The unfinished uploads of a registry, with the longest idle upload first. @throws ApiError */
async function fetchUploads(
  context: CommandContext,
  flags: OwningRegistryFlags,
): Promise<{ readonly named: NamedRegistry; readonly uploads: readonly Upload[] }> {
  const named = await findOwningRegistry(context, flags)
  const documents = await listArm(named.account, `${named.id}${uploadsPath}?api-version=${registryVersion}`)
  const uploads = documents.map(uploadOf)
  return { named, uploads: uploads.toSorted((one, other) => lastDataMs(one) - lastDataMs(other)) }
}

/** When an upload last received data, in milliseconds since the epoch. */
function lastDataMs({ lastDataAt }: Upload): number {
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

/** `acrux acr uploads list`. az has no such command. */
export const listUploads = defineCommand<OwningRegistryFlags>({
  about: `
The upload that was idle for the longest time comes first. The server deletes an upload that receives no data for the
duration in the setting uploadExpirySeconds.`,
  flags: ownRegistryFlags,
  examples: [
    'acrux acr uploads list -r contoso -o table',
    'acrux acr uploads list -r contoso --query "sum([].stagedBytes)"',
  ],
  table: (uploads: readonly Upload[]) =>
    uploads.map(({ id, repository, caller, lastDataAt, stagedBytes, active }) => ({
      ID: id,
      REPOSITORY: repository,
      CALLER: caller,
      'LAST DATA': lastDataAt,
      SIZE: evenSizeText(stagedBytes),
      ACTIVE: active,
    })),
  run: async (flags, context) => (await fetchUploads(context, flags)).uploads,
})

type CancelUploadsFlags = OwningRegistryFlags & {
  readonly id?: readonly string[]
  /** Milliseconds. */
  readonly idle?: number
  readonly dryRun?: true
  readonly yes?: true
}

/** The cancelled uploads, and the skipped uploads to which a request was writing. */
type Result = { readonly dryRun: boolean; readonly cancelled: readonly Upload[]; readonly active: readonly Upload[] }

/** `acrux acr uploads cancel`. az has no such command. */
export const cancelUploads = defineCommand<CancelUploadsFlags>({
  about: `
The server deletes the bytes of a cancelled upload. The client must start the cancelled upload again. The command does
not cancel an upload while a request writes to the upload.

On a terminal, the command asks for a confirmation. Without a terminal, the command needs --yes or --dry-run.`,
  flags: [
    ...ownRegistryFlags,
    { flags: '--id <id>', description: 'the id of an upload. Can be repeated', repeated: true },
    {
      flags: '--idle <duration>',
      description: 'cancel all uploads that received no data for this time, such as 2h or 1d',
      parse: requireDuration,
    },
    { flags: '--dry-run', description: 'only list the uploads to cancel' },
    yesFlag,
  ],
  examples: [
    'acrux acr uploads cancel -r contoso --id 3b1f0c7e-9a4d-4f0e-8d51-6c2b7a90e412',
    'acrux acr uploads cancel -r contoso --idle 2h --yes',
  ],
  exitCodes: { ...azExitCodes, 1: 'the command failed, or a request is writing to the selected upload' },
  text: textOf,
  run: async ({ id, idle, dryRun, yes, ...registry }, context): Promise<Result> => {
    if ((id === undefined) === (idle === undefined)) throw new WrongUsageError('specify either --id or --idle')
    const { named, uploads } = await fetchUploads(context, registry)
    const idleSinceMs = Date.now() - (idle ?? 0)
    const selected =
      id === undefined
        ? uploads.filter((each) => !each.active && lastDataMs(each) <= idleSinceMs)
        : id.map((each) => requireUpload(uploads, each, named))
    if (dryRun === true) return { dryRun: true, cancelled: selected, active: [] }
    const bytes = selected.reduce((sum, { stagedBytes }) => sum + stagedBytes, 0)
    const question = `Are you sure you want to cancel ${selected.length} uploads (${evenSizeText(bytes)}) of ${named.name}?`
    if (selected.length > 0) await context.confirm(question, yes)
    const bar = context.progress()
    const cancelled: Upload[] = []
    const active: Upload[] = []
    try {
      for (const upload of selected) {
        const isCancelled = await cancel(named, upload)
        if (isCancelled) cancelled.push(upload)
        else active.push(upload)
        bar.show(cancelled.length / selected.length, `cancelled ${cancelled.length} of ${selected.length}`)
      }
    } finally {
      bar.end()
    }
    if (id !== undefined && active.length > 0) context.exitWith(1)
    return { dryRun: false, cancelled, active }
  },
})

function requireUpload(uploads: readonly Upload[], id: string, { name }: NamedRegistry): Upload {
  const found = uploads.find((each) => each.id === id.toLowerCase())
  if (found !== undefined) return found
  throw new CommandFailure(
    `the registry ${name} has no open upload ${id}`,
    3,
    `list the uploads: acrux acr uploads list -r ${name}`,
  )
}

/** False if a request is writing to the upload. */
async function cancel(named: NamedRegistry, { id }: Upload): Promise<boolean> {
  try {
    await askRegistry(named, 'DELETE', { path: `${uploadsPath}/${id}` })
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return false
    throw error
  }
}

function textOf({ dryRun, cancelled, active }: Result): string {
  const line = ({ id, repository, stagedBytes }: Upload) => `${id}  ${repository}  ${evenSizeText(stagedBytes)}`
  return [
    ...cancelled.map((each) => `${dryRun ? 'would cancel' : 'cancelled'} ${line(each)}`),
    ...active.map((each) => `not cancelled, because a request is writing to the upload: ${line(each)}`),
    `${dryRun ? 'would cancel' : 'cancelled'} ${cancelled.length} uploads`,
  ].join('\n')
}
