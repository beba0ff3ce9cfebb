import { attributionOf } from '../../audit/index.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ImportError } from '../../imports/index.ts'
import { OverBudgetError } from '../../platform/limits/caller-limits.ts'
import { parseImageName } from '@acrux/shared/standards/oci/image-name.ts'
import { type Reference, type Tag, parseReference } from '@acrux/shared/standards/oci/reference.ts'
import { type RepositoryName, parseRepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { actorOfPrincipal } from '../../token-service/index.ts'
import { oneOf, optional, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { parameter } from '../arm/query.ts'
import { acceptedResponse, operationResultResponse } from '../arm/response.ts'
import { badImport, requireOpenToImports } from './import-errors.ts'
import { explainImportDenial } from './import-permission.ts'
import { decideSource } from './import-source.ts'
import { requireRegistry } from './registries.ts'

type Context = Pick<
  RegistriesContext,
  | 'access'
  | 'credentials'
  | 'directory'
  | 'identity'
  | 'imports'
  | 'publicOrigin'
  | 'registry'
  | 'resources'
  | 'tokenService'
>

/** The maximum number of tags, and of repositories without a tag, in one import. */
const maxTargets = 100

const importSchema = z.object({
  source: z.object({
    resourceId: optional(z.string().max(2048)),
    registryUri: optional(z.string().max(512)),
    sourceImage: z.string().max(1024),
    credentials: optional(
      z.object({ username: optional(z.string().max(512)), password: z.string().min(1).max(65_536) }),
    ),
  }),
  targetTags: optional(z.array(z.string().max(1024)).max(maxTargets)),
  untaggedTargetRepositories: optional(z.array(z.string().max(1024)).max(maxTargets)),
  mode: optional(oneOf(['NoForce', 'Force'])),
})

type ImportBody = z.output<typeof importSchema>

/**
 * `POST …/registries/{r}/importImage`: imports an image from a registry of this server that the caller may pull from, or from
 * another server. Invalid requests are rejected at once; later errors are in the status at `Location`. [arm-facts §12]
 */
export async function importImage(context: Context, call: ManagementCall): Promise<null> {
  const body = readBody(call, importImage)
  const image = readImage(body.source.sourceImage)
  const targets = readTargets(body)
  const registry = await requireRegistry(context, call.names)
  requireOpenToImports(registry)
  const named = { target: registry, repository: image.repository, ...body.source }
  const { from, explainDenial } = await decideSource(context, call, named)
  const { caller, origin, names, reply, request, budget } = call
  const { objectId } = caller.principal
  const id = await context.imports
    .start({
      from,
      reference: image.reference,
      into: {
        registry,
        caller: {
          key: `directory:${objectId}`,
          ...attributionOf(caller),
          deletionsSeen: await context.registry.deletions(),
          mayPull: () => Promise.resolve(false),
          identify: () => actorOfPrincipal(context, caller.principal),
        },
        origin,
      },
      targets,
      force: body.mode === 'Force',
      requester: requesterOf(call),
      explainDenial: explainImportDenial(context, {
        caller,
        authorization: request.headers.authorization,
        target: registry,
        explainSource: explainDenial,
      }),
      pace: () => settleChange(budget),
    })
    .catch((error: unknown) => {
      throw error instanceof ImportError ? importFailure(error.reason, error.message) : error
    })
  const location = `${context.publicOrigin}/subscriptions/${names.subscriptionId}/providers/Microsoft.ContainerRegistry/locations/${registry.location.toUpperCase()}/operationResults/registries-${id}`
  return accepted(reply, `${location}?api-version=${encodeURIComponent(apiVersion(call))}`)
}
importImage.body = importSchema
importImage.response = acceptedResponse

/** `GET …/operationResults/{id}`: the status of an import, for the caller who started it; for others it does not exist. */
export async function getImportResult(context: Context, call: ManagementCall): Promise<null | undefined> {
  const { names, request, reply } = call
  const id = /^registries-([0-9a-f-]{36})$/.exec(names.name.toLowerCase())?.[1]
  const status = id === undefined ? undefined : await context.imports.find(id, requesterOf(call))
  if (status === undefined) throw new ArmError('operationNotFound', `The resource ${names.name} could not be found.`)
  if (status.state === 'running') return accepted(reply, `${context.publicOrigin}${request.url}`)
  if (status.state === 'failed') throw importFailure(status.reason, status.message)
  return undefined
}
getImportResult.response = operationResultResponse

/** The approximate time of one change of an import on the main thread, in milliseconds. */
const changeCostMs = 0.5
/** How long an import waits if too many requests of its caller wait. */
const crowdedPauseMs = 1000

/** Charges a change of an import to its caller, and waits until the budget covers it. */
async function settleChange(budget: ManagementCall['budget']): Promise<void> {
  for (;;) {
    try {
      return await budget.settle(changeCostMs)
    } catch (error) {
      if (!(error instanceof OverBudgetError)) throw error
      await sleep(crowdedPauseMs, undefined, { ref: false })
    }
  }
}

/** Without this header clients poll every 30 seconds. [az-cli-wire §4.2] */
function accepted(reply: ManagementCall['reply'], location: string): null {
  reply.code(202).headers({ location, 'retry-after': '1' })
  return null
}

function apiVersion({ request }: ManagementCall): string {
  return String(parameter(request.query, 'api-version'))
}

/** Who may read the status of an import. */
export function requesterOf({ names, caller }: ManagementCall): string {
  return `${names.subscriptionId}/${caller.principal.objectId}`
}

function importFailure(reason: string, message: string): ArmError {
  const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
  switch (reason) {
    case 'conflict':
      return new ArmError('importConflict', text)
    case 'busy':
      return new ArmError('importBusy', text)
    case 'stopped':
    case 'revoked':
    case 'cancelled':
      return new ArmError('importStopped', text)
    default:
      return new ArmError('importFailed', text)
  }
}

type Image = { readonly repository: RepositoryName; readonly reference: Reference }

/** Reads `repository`, `repository:tag` or `repository@digest`; the default tag is `latest`. */
function readImage(text: string): Image {
  const image = parseImageName(text)
  const reference = image?.reference ?? parseReference('latest')
  if (image !== undefined && reference !== undefined) return { repository: image.repository, reference }
  throw badImport(`'${text}' is not an image in the form REPOSITORY:TAG or REPOSITORY@DIGEST`)
}

/** The tags by repository, without duplicates. */
function readTargets({ targetTags = [], untaggedTargetRepositories = [] }: ImportBody): Map<RepositoryName, Tag[]> {
  const targets = new Map<RepositoryName, Tag[]>()
  for (const text of targetTags) {
    const { repository, reference } = readImage(text)
    if (reference.kind !== 'tag') throw badImport(`'${text}' is not a tag`)
    const tags = targets.get(repository) ?? []
    targets.set(repository, tags.includes(reference.tag) ? tags : [...tags, reference.tag])
  }
  for (const text of untaggedTargetRepositories) {
    const repository = parseRepositoryName(text)
    if (repository === undefined) throw badImport(`'${text}' is not a repository name`)
    if (!targets.has(repository)) targets.set(repository, [])
  }
  if (targets.size === 0) throw badImport('targetTags or untaggedTargetRepositories must name the target of the image')
  return targets
}
