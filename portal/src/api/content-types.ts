/* Written by `npm run generate` from the OpenAPI document of the server. */
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
   * Null past the end of the list, as at ACR.
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
   * All repositories of the list. Only on its first page, if it is known.
   */
  readonly count?: number
  /**
   * Stored bytes of the registry. Only for callers that may list all repositories.
   */
  readonly size?: number
  /**
   * Whether the server stopped before it had checked all repositories.
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
   * UTC, with up to seven decimal places of a second.
   */
  readonly createdTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastUpdateTime: string
  readonly manifestCount: number
  readonly tagCount: number
  readonly changeableAttributes: ChangeableAttributes
  /**
   * What people wrote about the repository. Absent if it is empty.
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
   * Null past the end of the list, as at ACR.
   */
  readonly tags: readonly TagProperties[] | null
}
export interface DeletedManifest {
  readonly digest: string
  readonly imageSize: number
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly createdTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastUpdateTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastPullTime?: string
  /**
   * The principal of the last push. Absent for older pushes, and for anonymous callers.
   */
  readonly pushedBy?: Actor
  readonly architecture?: string
  readonly os?: string
  readonly mediaType: string
  readonly configMediaType?: string
  readonly tags?: readonly string[]
  readonly changeableAttributes: ChangeableAttributes
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly deletedAt: string
}
export interface DeletedTag {
  readonly tag: string
  readonly digest: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly createdTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastUpdateTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly deletedAt: string
}
export interface ManifestProperties {
  readonly digest: string
  readonly imageSize: number
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly createdTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastUpdateTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastPullTime?: string
  /**
   * The principal of the last push. Absent for older pushes, and for anonymous callers.
   */
  readonly pushedBy?: Actor
  readonly architecture?: string
  readonly os?: string
  readonly mediaType: string
  readonly configMediaType?: string
  readonly tags?: readonly string[]
  readonly changeableAttributes: ChangeableAttributes
  /**
   * The manifests of an index. Only for one manifest, as at ACR.
   */
  readonly references?: readonly IndexChild[]
}
export interface ListedRepository {
  readonly name: string
  /**
   * What people wrote about the repository. Absent if it is empty.
   */
  readonly description?: string
  readonly tagCount: number
  readonly manifestCount: number
  /**
   * Stored bytes.
   */
  readonly size: number
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly createdTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastPushTime?: string
  /**
   * The principal of the last push. Absent for older pushes, and for anonymous callers.
   */
  readonly pushedBy?: Actor
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastPullTime?: string
  /**
   * In the last 30 days.
   */
  readonly pulls: number
  /**
   * The oldest day first. Days begin at 00:00 UTC.
   *
   * @minItems 30
   * @maxItems 30
   */
  readonly pullsByDay: readonly number[]
  /**
   * What the caller may do on the repository.
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
   * UTC, with up to seven decimal places of a second.
   */
  readonly createdTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastUpdateTime: string
  /**
   * UTC, with up to seven decimal places of a second.
   */
  readonly lastPullTime?: string
  /**
   * The principal of the last push. Absent for older pushes, and for anonymous callers.
   */
  readonly pushedBy?: Actor
  readonly signed: boolean
  readonly changeableAttributes: ChangeableAttributes
  readonly manifest?: TagManifest
}
export interface Actor {
  /**
   * The object id, or the name of a scoped token or of the registry.
   */
  readonly id: string
  /**
   * The name at the time of the push.
   */
  readonly name: string
  readonly kind: 'person' | 'servicePrincipal' | 'managedIdentity' | 'token' | 'admin' | 'import' | 'server'
}
export interface IndexChild {
  readonly digest: string
  readonly architecture?: string
  readonly os?: string
}
export interface TagManifest {
  readonly mediaType: string
  readonly imageSize: number
  readonly architecture?: string
  readonly os?: string
  /**
   * The manifests of an index that the repository holds.
   */
  readonly references?: readonly IndexChild[]
}
