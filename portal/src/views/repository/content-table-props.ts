import type { ListOrder } from '../../api/registry.ts'

/** What a table of the content of a repository shows. */
export type ContentTableProps = {
  readonly registry: string
  readonly repository: string
  readonly order: ListOrder
  readonly filter: string
}
