export type ScopeMapRow = {
  readonly rid: string
  readonly name_key: string
  readonly name: string
  readonly description: string | null
  /** JSON text: a list of texts. */
  readonly actions: string
  /** JSON text of an {@link Authorship}. */
  readonly authorship: string
}
