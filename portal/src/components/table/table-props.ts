import type { ReactNode } from 'react'
import type { ListQuery } from '../elements/list-query.ts'
import type { Bulk } from './bulk-bar.tsx'
import type { Column } from './columns.ts'
import type { TableState } from './table-state.ts'

/** What a table needs beside its rows and columns. */
export type TableProps<Row> = {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  /** `undefined` while the first rows are read. */
  readonly rows: readonly Row[] | undefined
  readonly keyOf: (row: Row) => string
  /** What is shown in place of a table without rows. */
  readonly empty?: ReactNode
  /** What reads the rows. */
  readonly query?: ListQuery | undefined
  /** How many rows the whole list has, if that is known. */
  readonly count?: number | undefined
  /** Where the order, the columns and the open row are kept. Without it, they last as long as the view. */
  readonly state?: TableState
  /** The order without a choice of the person, as the address has it. */
  readonly usualSort?: string
  /** Whether the server sorts the rows. Otherwise the table does, by the values of its columns. */
  readonly isSortedByServer?: boolean
  /** What decides which rows there are: the filters. */
  readonly arrangement?: string
  /** Whether the table is what the view is about. Such a table has the keys and a status line. */
  readonly isMain?: boolean
  readonly status?: ReactNode
  /** Whether the cells show all of their text. Otherwise a row is one line. */
  readonly isWrapped?: boolean
  readonly bulk?: Bulk<Row>
  /** The details of a row, in a panel beside the table. */
  readonly panel?: (row: Row) => { readonly title: string; readonly content: ReactNode }
  /** What the key C copies. */
  readonly copyTextOf?: (row: Row) => string
}
