/** The tables of image imports. Instants are milliseconds since the epoch. */
export type ImportTables = { import_operation: ImportOperationRow }

/** An image import, running or ended. */
export type ImportOperationRow = {
  readonly id: string
  /** Who may read its status. */
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
}
