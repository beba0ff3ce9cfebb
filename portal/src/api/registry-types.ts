/* The documents of `/acr/v1`, which the OpenAPI document does not describe yet, and those of the OCI image specification. */

export type Catalog = { readonly repositories: readonly string[] | null }

export type RepositoryProperties = {
  readonly imageName: string
  readonly createdTime: string
  readonly lastUpdateTime: string
  readonly manifestCount: number
  readonly tagCount: number
  readonly changeableAttributes: ChangeableAttributes
}

export type TagList = { readonly imageName: string; readonly tags: readonly TagProperties[] | null }

export type TagProperties = {
  readonly name: string
  readonly digest: string
  readonly createdTime: string
  readonly lastUpdateTime: string
  readonly lastPullTime?: string
  readonly changeableAttributes: ChangeableAttributes
}

export type ManifestList = { readonly manifests: readonly ManifestProperties[] | null }

export type ManifestProperties = {
  readonly digest: string
  readonly imageSize: number
  readonly createdTime: string
  readonly lastUpdateTime: string
  readonly lastPullTime?: string
  readonly architecture?: string
  readonly os?: string
  readonly mediaType: string
  readonly tags?: readonly string[]
  readonly changeableAttributes: ChangeableAttributes
}

export type DeletedManifestList = { readonly manifests: readonly DeletedManifest[] | null }
export type DeletedManifest = ManifestProperties & { readonly deletedAt: string }

export type DeletedTagList = { readonly tags: readonly DeletedTag[] | null }
export type DeletedTag = { readonly tag: string; readonly digest: string; readonly deletedAt: string }

/** The locks of a repository, a tag or a manifest. */
export type ChangeableAttributes = {
  readonly deleteEnabled: boolean
  readonly writeEnabled: boolean
  readonly readEnabled: boolean
  readonly listEnabled: boolean
}

export type Descriptor = {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly artifactType?: string
  readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

/** A pushed manifest. Clients can push anything: each member may be missing or of another type. */
export type PushedManifest = {
  readonly mediaType?: unknown
  readonly artifactType?: unknown
  readonly config?: unknown
  readonly layers?: unknown
  readonly manifests?: unknown
  readonly subject?: unknown
  readonly annotations?: unknown
}
