import { formatDataPlaneTime } from '@acrux/shared/standards/azure/acr-time.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { tagUnknown } from '../manifests/delete-manifest.ts'
import { existingManifests } from '../manifests/existing-manifests-store.ts'
import { type AcrCall, sendJson } from '../protocol/call.ts'
import type { tagHistorySchema } from '../protocol/documents.ts'
import type { Actor } from '../protocol/ports.ts'
import { pusherOf } from '../repositories/pusher.ts'
import { requireRepository } from '../repositories/repositories.ts'
import { changedBy, maxTagChanges, readTagChanges, tagChangeLifetimeMs } from '../repositories/tag-change-store.ts'
import { readTag } from '../repositories/tag-store.ts'
import type { TagChangeCause, TagChangeRow, TagRow } from '../rows/rows.ts'
import type { PropertiesContext } from './context.ts'
import { documentHead, repositoryNotFound, visibleActor } from './properties.ts'

/** A change of a tag, in the format of the list. */
type Change = {
  readonly digest: string | undefined
  readonly atMs: number
  readonly by: Actor | undefined
  readonly cause: TagChangeCause
}

/**
 * `GET` of the changes of a tag, newest first. A deleted tag also has a history. ACR does not have this route.
 *
 * @throws OciError NAME_UNKNOWN or TAG_UNKNOWN
 */
export async function getTagHistory(context: PropertiesContext, call: AcrCall<'tag-history'>): Promise<void> {
  const { tag } = call.path
  const { database, clock } = context
  const repository = await requireRepository(context, call, repositoryNotFound)
  const rows = await readTagChanges(database, repository.id, tag, clock.now() - tagChangeLifetimeMs)
  const present = await readTag(database, repository.id, tag)
  if (present === undefined && rows.length === 0) throw tagUnknown(tag)
  const changes = withPresent(rows.map(toChange), present).slice(0, maxTagChanges)
  const digests = new Set(changes.flatMap(({ digest }) => digest ?? []))
  const held = await existingManifests(database, repository.id, [...digests])
  sendJson(call, 200, { ...documentHead(call), tag, changes: changes.map((change) => toDocument(call, change, held)) })
}

/**
 * Adds the current state of the tag if the newest change does not have this state. In this case, an earlier version of the server moved the
 * tag last.
 */
function withPresent(changes: readonly Change[], present: TagRow | undefined): readonly Change[] {
  if (present === undefined || changes[0]?.digest === present.manifest_digest) return changes
  const { manifest_digest: digest, updated_at_ms: atMs } = present
  return [{ digest, atMs, by: pusherOf(present), cause: 'push' }, ...changes]
}

function toChange(row: TagChangeRow): Change {
  const { manifest_digest, changed_at_ms: atMs, cause } = row
  return { digest: manifest_digest ?? undefined, atMs, by: changedBy(row), cause }
}

function toDocument(
  call: AcrCall<'tag-history'>,
  { digest, atMs, by, cause }: Change,
  held: ReadonlySet<string>,
): DocumentOf<typeof tagHistorySchema>['changes'][number] {
  const visible = visibleActor(call, by)
  return {
    ...(digest !== undefined && { digest, exists: held.has(digest) }),
    time: formatDataPlaneTime(atMs),
    ...(visible !== undefined && { by: visible }),
    cause,
  }
}
