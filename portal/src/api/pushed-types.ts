/* What clients push, in the parts that the portal shows. [OCI image-spec] */

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
