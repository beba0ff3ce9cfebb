/* The documents of `/acr/v1`, which the OpenAPI document does not describe yet, and those of the OCI image specification. */

export type Catalog = { readonly repositories: readonly string[] | null }

export type TagList = { readonly imageName: string; readonly tags: readonly TagProperties[] | null }

export type TagProperties = {
  readonly name: string
  readonly digest: string
  readonly createdTime: string
  readonly lastUpdateTime: string
  readonly lastPullTime?: string
  readonly changeableAttributes: ChangeableAttributes
}

export type ChangeableAttributes = { readonly deleteEnabled: boolean; readonly writeEnabled: boolean }

export type Descriptor = {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly artifactType?: string
  readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

/** A manifest that somebody pushed: every member may be missing or of another type. */
export type PushedManifest = {
  readonly mediaType?: unknown
  readonly artifactType?: unknown
  readonly config?: unknown
  readonly layers?: unknown
  readonly manifests?: unknown
  readonly annotations?: unknown
}
