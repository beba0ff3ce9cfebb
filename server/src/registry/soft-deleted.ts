import { type AcrCall, sendJson } from './call.ts'
import { manifestUnknown } from './checked-path.ts'
import { documentHead } from './properties.ts'

/** `GET` of the repositories that were deleted and can be restored. A deletion here is for good, so there are none. */
export function listDeletedCatalog(call: AcrCall<'deleted-catalog'>): void {
  sendJson(call, 200, { repositories: [] })
}

/** `GET` of the tags that were deleted and can be restored: none, likewise. */
export function listDeletedTags(call: AcrCall<'deleted-tags'>): void {
  sendJson(call, 200, { ...documentHead(call), tags: [] })
}

/** `GET` of the manifests that were deleted and can be restored: none, likewise. */
export function listDeletedManifests(call: AcrCall<'deleted-manifests'>): void {
  sendJson(call, 200, { ...documentHead(call), manifests: [] })
}

/**
 * `POST` to restore a manifest that was deleted.
 *
 * @throws OciError MANIFEST_UNKNOWN
 */
export function restoreManifest(call: AcrCall<'deleted-manifest'>): never {
  throw manifestUnknown(call.path.digest)
}
