import { deleteBlob } from './blobs/delete-blob.ts'
import { getBlob, headBlob } from './blobs/get-blob.ts'
import { runBulk } from './bulk/run-bulk.ts'
import type { RegistryContext } from './context.ts'
import { deleteManifest } from './manifests/delete-manifest.ts'
import { getManifest, headManifest } from './manifests/get-manifest.ts'
import { listReferrers } from './manifests/list-referrers.ts'
import { putManifest } from './manifests/put-manifest.ts'
import { listImages } from './properties/images.ts'
import { listReports } from './properties/list-reports.ts'
import {
  getManifestProperties,
  listManifestProperties,
  patchManifestProperties,
} from './properties/manifest-properties.ts'
import {
  deleteWholeRepository,
  getRepositoryProperties,
  patchRepositoryProperties,
} from './properties/repository-properties.ts'
import { revertTag } from './properties/revert-tag.ts'
import { getTagHistory } from './properties/tag-history.ts'
import { getTagProperties, listTagProperties, patchTagProperties, untag } from './properties/tag-properties.ts'
import { listCatalog } from './repositories/list-catalog.ts'
import { listRepositoryProperties } from './properties/list-repositories.ts'
import { PagePositions } from './repositories/list-order.ts'
import { listTagNames } from './repositories/list-tags.ts'
import { listDeletedCatalog, listDeletedManifests, listDeletedTags, restoreManifest } from './retention/soft-deleted.ts'
import type { RegistryHandlers } from './routes.ts'
import { sendJson } from './protocol/call.ts'
import { appendToUpload } from './uploads/append-to-upload.ts'
import { discardUploadsOf } from './uploads/end-upload.ts'
import { finishUpload } from './uploads/finish-upload.ts'
import { startUpload } from './uploads/start-upload.ts'
import { cancelUpload, uploadStatus } from './uploads/upload-status.ts'

/** The handler of each route. */
export function createHandlers(context: RegistryContext): RegistryHandlers {
  return { ...ociHandlers(context), ...acrHandlers(context) }
}

function ociHandlers(context: RegistryContext) {
  return {
    ping: async (call) => sendJson(call, 200, {}),
    listCatalog: (call) => listCatalog(context, call),
    listTags: (call) => listTagNames(context, call),
    listReferrers: (call) => listReferrers(context, call),
    getManifest: (call) => getManifest(context, call),
    headManifest: (call) => headManifest(context, call),
    putManifest: (call) => putManifest(context, call),
    deleteManifest: (call) => deleteManifest(context, call),
    getBlob: (call) => getBlob(context, call),
    headBlob: (call) => headBlob(context, call),
    deleteBlob: (call) => deleteBlob(context, call),
    startUpload: (call) => startUpload(context, call),
    uploadStatus: (call) => uploadStatus(context, call),
    appendToUpload: (call) => appendToUpload(context, call),
    finishUpload: (call) => finishUpload(context, call),
    cancelUpload: (call) => cancelUpload(context, call),
  } satisfies Partial<RegistryHandlers>
}

function acrHandlers(context: RegistryContext) {
  const tagPositions = new PagePositions()
  const manifestPositions = new PagePositions()
  return {
    listRepositories: (call) => listCatalog(context, call),
    listRepositoryProperties: (call) => listRepositoryProperties(context, call),
    runBulk: (call, asOtherRoute) => runBulk(context, call, asOtherRoute),
    getRepository: (call) => getRepositoryProperties(context, call),
    patchRepository: (call) => patchRepositoryProperties(context, call),
    deleteRepository: (call) => deleteWholeRepository(context, call, (id) => discardUploadsOf(context, id)),
    listTagProperties: (call) => listTagProperties(context, tagPositions, call),
    getTag: (call) => getTagProperties(context, call),
    patchTag: (call) => patchTagProperties(context, call),
    deleteTag: (call) => untag(context, call),
    getTagHistory: (call) => getTagHistory(context, call),
    listImages: (call) => listImages(context, call),
    listReports: (call) => listReports(context, call),
    revertTag: (call) => revertTag(context, call),
    listManifestProperties: (call) => listManifestProperties(context, manifestPositions, call),
    getManifestProperties: (call) => getManifestProperties(context, call),
    patchManifest: (call) => patchManifestProperties(context, call),
    listDeletedCatalog: (call) => listDeletedCatalog(context, call),
    listDeletedTags: (call) => listDeletedTags(context, call),
    listDeletedManifests: (call) => listDeletedManifests(context, call),
    restoreManifest: (call) => restoreManifest(context, call),
  } satisfies Partial<RegistryHandlers>
}
