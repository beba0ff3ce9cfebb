/** The tables of image imports. Instants are milliseconds since the epoch. */
export type ImportTables = { import_operation: ImportOperationRow }

/** An image import, running or ended. */
export type ImportOperationRow = {
  readonly id: string
  /** Who requested it and may read its status. */
  readonly asker: string
  readonly state: 'running' | 'succeeded' | 'failed'
  readonly reason: string | null
  readonly message: string | null
  /** When it began or ended. */
  readonly touched_at_ms: number
  /** The server process that runs it. Null if an older version started it. */
  readonly process: string | null
  /** The audit event of its end, without the outcome; JSON text. Null if an older version started the import. */
  readonly event: string | null
  /** The registry that the image is imported into. Null if an older version started the import. */
  readonly rid: string | null
  /** When it was requested. Null if an older version started the import. */
  readonly started_at_ms: number | null
  /** What was requested: {@link ImportedImage} as JSON text. Null if an older version started the import. */
  readonly image: string | null
  /** When a caller requested to cancel it. */
  readonly cancelled_at_ms: number | null
}

/** The image of an import, as the requester named it. */
export type ImportedImage = {
  /** Host, repository, and tag or digest. */
  readonly source: string
  /** Repository and tag, or a repository alone. */
  readonly targets: readonly string[]
}
