/* Written by `npm run generate` from the OpenAPI document of the server. */
export interface AttachedReportList {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  readonly digest: string
  readonly reports: readonly AttachedReport[]
}
export interface BulkOperations {
  /**
   * @minItems 1
   * @maxItems 500
   */
  readonly operations: readonly BulkOperation[]
}
export interface BulkResults {
  readonly results: {
    /**
     * The HTTP status that a separate request for the operation would return.
     */
    readonly status: number
    readonly repository: string
    readonly reference: string
    readonly error?: {
      readonly code: string
      readonly message: string
    }
  }[]
}
export interface DeletedManifestList {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  readonly manifests: readonly DeletedManifest[]
}
export interface DeletedTagList {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  readonly tags: readonly DeletedTag[]
}
export interface ImageList {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  readonly images: readonly Image[]
  /**
   * The number of matching images. Present only on the first page, in repositories with at most 10,000 manifests.
   */
  readonly count?: number
}
export interface ManifestDocument {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  readonly manifest: ManifestProperties
}
export interface ManifestPropertiesList {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  /**
   * Null after the end of the list, as in ACR.
   */
  readonly manifests: readonly ManifestProperties[] | null
}
export interface RepositoryList {
  /**
   * The login server.
   */
  readonly registry: string
  readonly repositories: readonly ListedRepository[]
  /**
   * The number of repositories on all pages. Present only on the first page, if the number is known.
   */
  readonly count?: number
  /**
   * The stored bytes of the registry. Present only if the caller may list all repositories.
   */
  readonly size?: number
  /**
   * Whether the server stopped before checking all repositories.
   */
  readonly incomplete?: true
  /**
   * Why the list is incomplete.
   */
  readonly message?: string
}
export interface RepositoryNames {
  readonly repositories: readonly string[]
}
export interface RepositoryProperties {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly createdTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastUpdateTime: string
  readonly manifestCount: number
  readonly tagCount: number
  readonly changeableAttributes: ChangeableAttributes
  /**
   * The description of the repository. Absent if the description is empty.
   */
  readonly description?: string
}
export interface TagDocument {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  readonly tag: TagProperties
}
export interface TagHistory {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  readonly tag: string
  readonly changes: readonly TagChange[]
}
export interface TagPropertiesList {
  /**
   * The login server.
   */
  readonly registry: string
  /**
   * The repository.
   */
  readonly imageName: string
  /**
   * Null after the end of the list, as in ACR.
   */
  readonly tags: readonly TagProperties[] | null
}
export interface AttachedReport {
  readonly digest: string
  readonly kind: 'vulnerabilities' | 'sbom' | 'signature' | 'provenance'
  readonly artifactType: string
  /**
   * The total size of the manifest and of the files of the report, in bytes.
   */
  readonly size: number
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly createdTime: string
  /**
   * The principal that last pushed. Absent for anonymous callers, and for pushes before Acrux recorded the principal.
   */
  readonly pushedBy?: Actor
  /**
   * Whether the server has read the report. Absent if the server reads no artifacts of this kind.
   */
  readonly state?: 'waiting' | 'read' | 'unreadable'
  /**
   * Why the report could not be read.
   */
  readonly reason?: string
  /**
   * Whether the server counts the vulnerabilities, which depends on the principal that pushed the report.
   */
  readonly counts?: boolean
  /**
   * How many packages the report lists.
   */
  readonly packages?: number
  readonly summary?: VulnerabilitySummary
}
export type BulkOperation =
  | {
      readonly operation: 'deleteManifest'
      readonly repository: string
      /**
       * The digest of a manifest.
       */
      readonly reference: string
    }
  | {
      readonly operation: 'deleteTag'
      readonly repository: string
      readonly reference: string
    }
  | {
      readonly operation: 'setAttributes'
      readonly repository: string
      /**
       * A tag, or the digest of a manifest.
       */
      readonly reference: string
      readonly attributes: {
        readonly deleteEnabled?: boolean
        readonly writeEnabled?: boolean
        readonly readEnabled?: boolean
        readonly listEnabled?: boolean
      }
    }
  | {
      readonly operation: 'restoreManifest'
      readonly repository: string
      /**
       * The digest of a manifest.
       */
      readonly reference: string
      /**
       * A tag that the restored manifest gets.
       */
      readonly tag?: string
      /**
       * Whether the server moves a tag that points to a different manifest.
       */
      readonly force?: boolean
    }
export interface DeletedManifest {
  readonly digest: string
  readonly imageSize: number
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly createdTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastUpdateTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastPullTime?: string
  /**
   * The principal that last pushed. Absent for anonymous callers, and for pushes before Acrux recorded the principal.
   */
  readonly pushedBy?: Actor
  readonly architecture?: string
  readonly os?: string
  readonly mediaType: string
  readonly configMediaType?: string
  readonly tags?: readonly string[]
  readonly changeableAttributes: ChangeableAttributes
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly deletedAt: string
}
export interface DeletedTag {
  readonly tag: string
  readonly digest: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly createdTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastUpdateTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly deletedAt: string
}
export interface Image {
  readonly digest: string
  readonly mediaType: string
  readonly artifactType?: string
  readonly type: 'image' | 'index' | 'helm' | 'artifact'
  /**
   * At most 20, newest first.
   */
  readonly tags: {
    readonly name: string
    readonly locked: boolean
  }[]
  readonly tagCount: number
  readonly platforms: readonly SizedPlatform[]
  /**
   * The compressed size. For an index, the size of the image for the largest platform.
   */
  readonly size: number
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly createdTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastUpdateTime: string
  /**
   * The principal that last pushed. Absent for anonymous callers, and for pushes before Acrux recorded the principal.
   */
  readonly pushedBy?: Actor
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastPullTime?: string
  readonly locked: ChangeableAttributes
  /**
   * The number of attached artifacts, by kind.
   */
  readonly attached: {
    readonly signatures: number
    readonly sboms: number
    readonly provenance: number
    readonly reports: number
  }
  /**
   * The vulnerabilities in the newest attached report that counts. The server does not verify the report. Absent without a report.
   */
  readonly vulnerabilities?: VulnerabilitySummary
}
export interface ManifestProperties {
  readonly digest: string
  readonly imageSize: number
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly createdTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastUpdateTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastPullTime?: string
  /**
   * The principal that last pushed. Absent for anonymous callers, and for pushes before Acrux recorded the principal.
   */
  readonly pushedBy?: Actor
  readonly architecture?: string
  readonly os?: string
  readonly mediaType: string
  readonly configMediaType?: string
  readonly tags?: readonly string[]
  readonly changeableAttributes: ChangeableAttributes
  /**
   * The manifests of an index. Present only in the response for a single manifest, as in ACR.
   */
  readonly references?: readonly IndexChild[]
  /**
   * The compressed size. For an index, the size of the image for the largest platform.
   */
  readonly size?: number
  /**
   * Present only with expand=manifest, like size.
   */
  readonly platforms?: readonly SizedPlatform[]
}
export interface ListedRepository {
  readonly name: string
  /**
   * The description of the repository. Absent if the description is empty.
   */
  readonly description?: string
  readonly tagCount: number
  readonly manifestCount: number
  /**
   * Stored bytes.
   */
  readonly size: number
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly createdTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastPushTime?: string
  /**
   * The principal that last pushed. Absent for anonymous callers, and for pushes before Acrux recorded the principal.
   */
  readonly pushedBy?: Actor
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastPullTime?: string
  /**
   * The number of pulls in the last 30 days.
   */
  readonly pulls: number
  /**
   * The number of pulls for each day, the oldest day first. Days begin at 00:00 UTC.
   *
   * @minItems 30
   * @maxItems 30
   */
  readonly pullsByDay: readonly number[]
  /**
   * The vulnerabilities of the image to which the newest tag points. Absent without a report.
   */
  readonly vulnerabilities?: VulnerabilitySummary
  /**
   * The type of the image to which the newest tag points: helm is a Helm chart. Absent without a tag.
   */
  readonly type?: 'image' | 'helm' | 'artifact'
  /**
   * The actions that the caller may perform on the repository.
   */
  readonly access: readonly string[]
}
export interface ChangeableAttributes {
  readonly deleteEnabled: boolean
  readonly writeEnabled: boolean
  readonly readEnabled: boolean
  readonly listEnabled: boolean
}
export interface TagProperties {
  readonly name: string
  readonly digest: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly createdTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastUpdateTime: string
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly lastPullTime?: string
  /**
   * The principal that last pushed. Absent for anonymous callers, and for pushes before Acrux recorded the principal.
   */
  readonly pushedBy?: Actor
  readonly signed: boolean
  readonly changeableAttributes: ChangeableAttributes
  readonly manifest?: TagManifest
}
export interface TagChange {
  /**
   * The digest to which the tag points after the change. Absent after a deletion.
   */
  readonly digest?: string
  /**
   * Whether the repository still contains the manifest, so that a caller can revert the tag.
   */
  readonly exists?: boolean
  /**
   * A UTC time, with up to seven decimal places for the second.
   */
  readonly time: string
  /**
   * The principal that changed the tag. Absent for anonymous callers, and for changes before Acrux recorded the principal.
   */
  readonly by?: Actor
  readonly cause: 'push' | 'revert' | 'delete' | 'restore' | 'import' | 'retention'
}
export interface Actor {
  /**
   * The object id of a principal, or the name of a scoped token or of the registry.
   */
  readonly id: string
  /**
   * The principal's name at the time of the push.
   */
  readonly name: string
  readonly kind: 'person' | 'servicePrincipal' | 'managedIdentity' | 'token' | 'admin' | 'import' | 'server'
}
export interface VulnerabilitySummary {
  readonly critical: number
  readonly high: number
  readonly medium: number
  readonly low: number
  readonly unknown: number
  /**
   * The number of vulnerabilities for which a fixed version exists. Absent if the report contains no data on fixed versions.
   */
  readonly fixable?: number
  /**
   * The program that wrote the report.
   */
  readonly scanner?: string
  /**
   * When the report was pushed.
   */
  readonly time: string
  /**
   * Who pushed the report. Absent for anonymous callers.
   */
  readonly by?: Actor
}
export interface SizedPlatform {
  readonly os: string
  readonly architecture: string
  readonly digest: string
  /**
   * The compressed size of the manifest and the layers, in bytes.
   */
  readonly size: number
}
export interface IndexChild {
  readonly digest: string
  readonly architecture?: string
  readonly os?: string
}
export interface TagManifest {
  readonly mediaType: string
  readonly imageSize: number
  /**
   * The compressed size. For an index, the size of the image for the largest platform.
   */
  readonly size: number
  readonly platforms: readonly SizedPlatform[]
}
