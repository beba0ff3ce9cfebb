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

/** The same small requests again and again, on connections that are kept. */
export interface RequestsJob {
  readonly kind: 'requests'
  readonly target: Target
  /** Whole requests as they go over the wire, in base64; each connection sends one of them, over and over. */
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
  /** A connection sends the requests of a sequence one after another, and then those of the next that is left. */
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

/** Uploads of so many bytes, one after another, each with other bytes. */
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

/** What the load is asked to do. */
export type Job = RequestsJob | OnceJob | DownloadJob | UploadJob

/** What was done within `seconds`. */
export interface Outcome {
  /** Requests that were answered, or bytes that were moved. */
  readonly amount: number
  readonly seconds: number
  /** Processor time of the server. */
  readonly serverCpuSeconds: number
  /** Processor time of the load itself. */
  readonly loadCpuSeconds: number
}

/** What the load's process answers. */
export type Reply = { readonly outcome: Outcome } | { readonly failure: string }
