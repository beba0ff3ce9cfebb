import { useRef } from 'react'
import type { Column } from './columns.ts'
import { type ShownRows, keepOrder } from './kept-order.ts'
import { type Sort, formatSort, sortRows } from './sort.ts'

type Wanted<Row> = {
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly sort: Sort | undefined
  readonly keyOf: (row: Row) => string
  /** What else decides which rows there are, and their order: the filters. */
  readonly arrangement: string
}

/** The rows in the order in which the table shows them. Rows that are read again do not move. */
export function useTableRows<Row>({ rows, columns, sort, keyOf, arrangement }: Wanted<Row>): ShownRows<Row> {
  const last = useRef<{ readonly rows: readonly Row[]; readonly shown: ShownRows<Row> }>(undefined)
  const full = `${sort === undefined ? '' : formatSort(sort)} ${arrangement}`
  if (last.current?.rows !== rows || last.current.shown.arrangement !== full) {
    const shown = keepOrder(last.current?.shown, full, sortRows(rows, columns, sort), keyOf)
    last.current = { rows, shown }
  }
  return last.current.shown
}
