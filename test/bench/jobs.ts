/** Where a server listens, and how it is verified. */
export interface Target {
  readonly port: number
  /** Name by which the certificate is verified. */
  readonly servername: string
  /** Without it, the server has no TLS. */
  readonly caFile?: string
  /** Whose processor time is counted. */
  readonly pid: number
}

/** The same small requests, repeated on persistent connections. */
export interface RequestsJob {
  readonly kind: 'requests'
  readonly target: Target
  /** Whole requests as they go over the wire, in base64; each connection sends one of them repeatedly. */
  readonly requests: readonly string[]
  readonly connections: number
  /** Not counted. */
  readonly warmUpMs: number
  readonly measuredMs: number
}

/** Different small requests, each sent once. */
export interface OnceJob {
  readonly kind: 'once'
  readonly target: Target
  /**
   * A connection sends the requests of a sequence one after another, and then those of the next remaining sequence.
   *
   */
  readonly sequences: readonly (readonly string[])[]
  readonly connections: number
}

/** The same download, several times, one after another. */
export interface DownloadJob {
  readonly kind: 'download'
  readonly target: Target
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly times: number
}

/** Uploads of this many bytes, one after another, each with different bytes. */
export interface UploadJob {
  readonly kind: 'upload'
  readonly target: Target
  /** `whole` is one PUT to `path`; `registry` is POST to `path`, PATCH and PUT. */
  readonly how: 'whole' | 'registry'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly sizeBytes: number
  readonly times: number
}

/** The job of the load process. */
export type Job = RequestsJob | OnceJob | DownloadJob | UploadJob

/** What was done within `seconds`. */
export interface Outcome {
  /** The number of answered requests, or of transferred bytes. */
  readonly amount: number
  readonly seconds: number
  /** Processor time of the server. */
  readonly serverCpuSeconds: number
  /** Processor time of the load itself. */
  readonly loadCpuSeconds: number
}

/** What the load's process answers. */
export type Reply = { readonly outcome: Outcome } | { readonly failure: string }
