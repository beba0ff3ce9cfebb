import { z } from 'zod'
import { apiSchemas } from '../../platform/http/api-schema.ts'

/* The documents of `/acr/v1` and the lists of `/v2`. The order of the members is that of ACR. [ACR REST data plane; OCI distribution-spec] */

const time = z.string().describe('A UTC time, with up to seven decimal places for the second.')
const head = { registry: z.string().describe('The login server.'), imageName: z.string().describe('The repository.') }

const locksSchema = z
  .strictObject({
    deleteEnabled: z.boolean(),
    writeEnabled: z.boolean(),
    readEnabled: z.boolean(),
    listEnabled: z.boolean(),
  })
  .register(apiSchemas, { id: 'ChangeableAttributes' })

/** Who pushed something. */
export const actorSchema = z
  .strictObject({
    id: z.string().describe('The object id of a principal, or the name of a scoped token or of the registry.'),
    name: z.string().describe("The principal's name at the time of the push."),
    kind: z.enum(['person', 'servicePrincipal', 'managedIdentity', 'token', 'admin', 'import', 'server']),
  })
  .register(apiSchemas, { id: 'Actor' })

const pushedBy = actorSchema
  .optional()
  .describe(
    'The principal that last pushed. Absent for anonymous callers, and for pushes before Acrux recorded the principal.',
  )

/** A page of the names of repositories. */
export const catalogSchema = z
  .strictObject({ repositories: z.array(z.string()) })
  .register(apiSchemas, { id: 'RepositoryNames' })

/** A page of the names of tags. */
export const tagNamesSchema = z
  .strictObject({ name: z.string(), tags: z.array(z.string()) })
  .register(apiSchemas, { id: 'TagNames' })

/** What an attached report says about the vulnerabilities of an image. */
export const summarySchema = z
  .strictObject({
    critical: z.int(),
    high: z.int(),
    medium: z.int(),
    low: z.int(),
    unknown: z.int(),
    fixable: z
      .int()
      .optional()
      .describe(
        'The number of vulnerabilities for which a fixed version exists. Absent if the report contains no data on fixed versions.',
      ),
    scanner: z.string().optional().describe('The program that wrote the report.'),
    time: time.describe('When the report was pushed.'),
    by: actorSchema.optional().describe('Who pushed the report. Absent for anonymous callers.'),
  })
  .register(apiSchemas, { id: 'VulnerabilitySummary' })

const vulnerabilities = summarySchema
  .optional()
  .describe(
    'The vulnerabilities in the newest attached report that counts. The server does not verify the report. Absent without a report.',
  )

const description = z
  .string()
  .optional()
  .describe('The description of the repository. Absent if the description is empty.')

const repositoryAction = z.string().describe('An action of an access scope, such as pull.')

/** A repository in the list of repositories. */
const listedRepositorySchema = z
  .strictObject({
    name: z.string(),
    description,
    tagCount: z.int(),
    manifestCount: z.int(),
    size: z.int().describe('Stored bytes.'),
    createdTime: time,
    lastPushTime: time.optional(),
    pushedBy,
    lastPullTime: time.optional(),
    pulls: z.int().describe('The number of pulls in the last 30 days.'),
    pullsByDay: z
      .array(z.int())
      .length(30)
      .describe('The number of pulls for each day, the oldest day first. Days begin at 00:00 UTC.'),
    vulnerabilities: vulnerabilities.describe(
      'The vulnerabilities of the image to which the newest tag points. Absent without a report.',
    ),
    type: z
      .enum(['image', 'helm', 'artifact'])
      .optional()
      .describe('The type of the image to which the newest tag points: helm is a Helm chart. Absent without a tag.'),
    access: z.array(repositoryAction).describe('The actions that the caller may perform on the repository.'),
  })
  .register(apiSchemas, { id: 'ListedRepository' })

/** A page of repositories. */
export const repositoryListSchema = z
  .strictObject({
    registry: z.string().describe('The login server.'),
    repositories: z.array(listedRepositorySchema),
    count: z
      .int()
      .optional()
      .describe('The number of repositories on all pages. Present only on the first page, if the number is known.'),
    size: z
      .int()
      .optional()
      .describe('The stored bytes of the registry. Present only if the caller may list all repositories.'),
    incomplete: z.literal(true).optional().describe('Whether the server stopped before checking all repositories.'),
    message: z.string().optional().describe('Why the list is incomplete.'),
  })
  .register(apiSchemas, { id: 'RepositoryList' })

/** A repository. */
export const repositorySchema = z
  .strictObject({
    ...head,
    createdTime: time,
    lastUpdateTime: time,
    manifestCount: z.int(),
    tagCount: z.int(),
    changeableAttributes: locksSchema,
    description,
  })
  .register(apiSchemas, { id: 'RepositoryProperties' })

/** What a deletion of a repository has deleted, at most ten thousand names of each kind. */
export const repositoryDeletionSchema = z
  .strictObject({ manifestsDeleted: z.array(z.string()), tagsDeleted: z.array(z.string()) })
  .register(apiSchemas, { id: 'RepositoryDeletion' })

const childSchema = z
  .strictObject({ digest: z.string(), architecture: z.string().optional(), os: z.string().optional() })
  .register(apiSchemas, { id: 'IndexChild' })

const platformSchema = z
  .strictObject({
    os: z.string(),
    architecture: z.string(),
    digest: z.string(),
    size: z.int().describe('The compressed size of the manifest and the layers, in bytes.'),
  })
  .register(apiSchemas, { id: 'SizedPlatform' })

const shownSize = z.int().describe('The compressed size. For an index, the size of the image for the largest platform.')

/** The manifest of a tag, with `expand=manifest`. */
export const tagManifestSchema = z
  .strictObject({
    mediaType: z.string(),
    imageSize: z.int(),
    size: shownSize,
    platforms: z.array(platformSchema),
  })
  .register(apiSchemas, { id: 'TagManifest' })

/** A tag. */
export const tagSchema = z
  .strictObject({
    name: z.string(),
    digest: z.string(),
    createdTime: time,
    lastUpdateTime: time,
    lastPullTime: time.optional(),
    pushedBy,
    signed: z.boolean(),
    changeableAttributes: locksSchema,
    manifest: tagManifestSchema.optional(),
  })
  .register(apiSchemas, { id: 'TagProperties' })

export const tagDocumentSchema = z.strictObject({ ...head, tag: tagSchema }).register(apiSchemas, { id: 'TagDocument' })

export const tagListSchema = z
  .strictObject({ ...head, tags: z.array(tagSchema).nullable().describe('Null after the end of the list, as in ACR.') })
  .register(apiSchemas, { id: 'TagPropertiesList' })

const tagChangeSchema = z
  .strictObject({
    digest: z
      .string()
      .optional()
      .describe('The digest to which the tag points after the change. Absent after a deletion.'),
    exists: z
      .boolean()
      .optional()
      .describe('Whether the repository still contains the manifest, so that a caller can revert the tag.'),
    time,
    by: actorSchema
      .optional()
      .describe(
        'The principal that changed the tag. Absent for anonymous callers, and for changes before Acrux recorded the principal.',
      ),
    cause: z.enum(['push', 'revert', 'delete', 'restore', 'import', 'retention']),
  })
  .register(apiSchemas, { id: 'TagChange' })

/** The changes of a tag, newest first. */
export const tagHistorySchema = z
  .strictObject({ ...head, tag: z.string(), changes: z.array(tagChangeSchema) })
  .register(apiSchemas, { id: 'TagHistory' })

const imageSchema = z
  .strictObject({
    digest: z.string(),
    mediaType: z.string(),
    artifactType: z.string().optional(),
    type: z.enum(['image', 'index', 'helm', 'artifact']),
    tags: z.array(z.strictObject({ name: z.string(), locked: z.boolean() })).describe('At most 20, newest first.'),
    tagCount: z.int(),
    platforms: z.array(platformSchema),
    size: shownSize,
    createdTime: time,
    lastUpdateTime: time,
    pushedBy,
    lastPullTime: time.optional(),
    locked: locksSchema,
    attached: z
      .strictObject({ signatures: z.int(), sboms: z.int(), provenance: z.int(), reports: z.int() })
      .describe('The number of attached artifacts, by kind.'),
    vulnerabilities,
  })
  .register(apiSchemas, { id: 'Image' })

/** A page of the images of a repository. */
export const imageListSchema = z
  .strictObject({
    ...head,
    images: z.array(imageSchema),
    count: z
      .int()
      .optional()
      .describe(
        'The number of matching images. Present only on the first page, in repositories with at most 10,000 manifests.',
      ),
  })
  .register(apiSchemas, { id: 'ImageList' })

const reportSchema = z
  .strictObject({
    digest: z.string(),
    kind: z.enum(['vulnerabilities', 'sbom', 'signature', 'provenance']),
    artifactType: z.string(),
    size: z.int().describe('The total size of the manifest and of the files of the report, in bytes.'),
    createdTime: time,
    pushedBy,
    state: z
      .enum(['waiting', 'read', 'unreadable'])
      .optional()
      .describe('Whether the server has read the report. Absent if the server reads no artifacts of this kind.'),
    reason: z.string().optional().describe('Why the report could not be read.'),
    counts: z
      .boolean()
      .optional()
      .describe(
        'Whether the server counts the vulnerabilities, which depends on the principal that pushed the report.',
      ),
    packages: z.int().optional().describe('How many packages the report lists.'),
    summary: summarySchema.optional(),
  })
  .register(apiSchemas, { id: 'AttachedReport' })

/** What is attached to an image, newest first. */
export const reportListSchema = z
  .strictObject({ ...head, digest: z.string(), reports: z.array(reportSchema) })
  .register(apiSchemas, { id: 'AttachedReportList' })

const manifestMembers = {
  digest: z.string(),
  imageSize: z.int(),
  createdTime: time,
  lastUpdateTime: time,
  lastPullTime: time.optional(),
  pushedBy,
  architecture: z.string().optional(),
  os: z.string().optional(),
  mediaType: z.string(),
  configMediaType: z.string().optional(),
  tags: z.array(z.string()).optional(),
  changeableAttributes: locksSchema,
}

/** A manifest. */
export const manifestSchema = z
  .strictObject({
    ...manifestMembers,
    references: z
      .array(childSchema)
      .optional()
      .describe('The manifests of an index. Present only in the response for a single manifest, as in ACR.'),
    size: shownSize.optional(),
    platforms: z.array(platformSchema).optional().describe('Present only with expand=manifest, like size.'),
  })
  .register(apiSchemas, { id: 'ManifestProperties' })

export const manifestDocumentSchema = z
  .strictObject({ ...head, manifest: manifestSchema })
  .register(apiSchemas, { id: 'ManifestDocument' })

export const manifestListSchema = z
  .strictObject({
    ...head,
    manifests: z.array(manifestSchema).nullable().describe('Null after the end of the list, as in ACR.'),
  })
  .register(apiSchemas, { id: 'ManifestPropertiesList' })

const deletedTagSchema = z
  .strictObject({
    tag: z.string(),
    digest: z.string(),
    createdTime: time,
    lastUpdateTime: time,
    deletedAt: time,
  })
  .register(apiSchemas, { id: 'DeletedTag' })

export const deletedTagListSchema = z
  .strictObject({ ...head, tags: z.array(deletedTagSchema) })
  .register(apiSchemas, { id: 'DeletedTagList' })

const deletedManifestSchema = z
  .strictObject({ ...manifestMembers, deletedAt: time })
  .register(apiSchemas, { id: 'DeletedManifest' })

export const deletedManifestListSchema = z
  .strictObject({ ...head, manifests: z.array(deletedManifestSchema) })
  .register(apiSchemas, { id: 'DeletedManifestList' })

/** The maximum number of operations of one request. */
export const maxOperations = 500

const repository = z.string().min(1).max(255)
const digest = z.string().min(1).max(255).describe('The digest of a manifest.')
const tag = z.string().min(1).max(128)

const operationSchema = z
  .discriminatedUnion('operation', [
    z.strictObject({ operation: z.literal('deleteManifest'), repository, reference: digest }),
    z.strictObject({ operation: z.literal('deleteTag'), repository, reference: tag }),
    z.strictObject({
      operation: z.literal('setAttributes'),
      repository,
      reference: z.string().min(1).max(255).describe('A tag, or the digest of a manifest.'),
      attributes: locksSchema.partial(),
    }),
    z.strictObject({
      operation: z.literal('restoreManifest'),
      repository,
      reference: digest,
      tag: tag.optional().describe('A tag that the restored manifest gets.'),
      force: z.boolean().optional().describe('Whether the server moves a tag that points to a different manifest.'),
    }),
  ])
  .register(apiSchemas, { id: 'BulkOperation' })

/** Several operations on the content of a registry. */
export const bulkSchema = z
  .strictObject({ operations: z.array(operationSchema).min(1).max(maxOperations) })
  .register(apiSchemas, { id: 'BulkOperations' })

/** The results of several operations, in their order. */
export const bulkResultsSchema = z
  .strictObject({
    results: z.array(
      z.strictObject({
        status: z.int().describe('The HTTP status that a separate request for the operation would return.'),
        repository: z.string(),
        reference: z.string(),
        error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
      }),
    ),
  })
  .register(apiSchemas, { id: 'BulkResults' })
