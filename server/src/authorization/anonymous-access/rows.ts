export type AnonymousAccessRow = {
  readonly rid: string
  readonly scope_map_key: string
  /** The ARM id of the scope map, unchanged. */
  readonly scope_map_id: string
  /** JSON text of an {@link Authorship}. */
  readonly authorship: string
}
