import { useEffect, useState } from 'react'
import { useRestOfList } from '../elements/rest-of-list.ts'
import { tableTexts } from '../texts/table.ts'
import type { Bulk } from './bulk-bar.tsx'
import type { ShownRows } from './kept-order.ts'
import type { ListQuery } from '../elements/list-query.ts'
import { noSelection, selectRange, stateOfAll, toggleAll, toggleRow } from './selection.ts'
import type { SelectAll } from './table-header.tsx'
import type { RowSelection } from './table-row.tsx'
import { useSelection } from './use-selection.ts'

const wholeList = { hasNextPage: false, isFetchingNextPage: false, isError: false, fetchNextPage: () => undefined }

type Wanted<Row> = {
  readonly label: string
  readonly bulk: Bulk<Row> | undefined
  readonly shown: ShownRows<Row>
  readonly query: ListQuery | undefined
  /** How many rows the whole list has, if that is known. */
  readonly count: number | undefined
}

/** The selected rows of a table, and what selects them. */
export type BulkSelection<Row> = {
  readonly rows: readonly Row[]
  readonly all: SelectAll
  readonly more: { readonly label: string; readonly select: () => void } | undefined
  readonly ofRow: (index: number) => RowSelection | undefined
  readonly clear: () => void
}

/** The selection of the rows of a table. Rows that the filter hides do not count. */
export function useBulk<Row>({ label, bulk, shown, query, count }: Wanted<Row>): BulkSelection<Row> {
  const [selection, select] = useSelection(label)
  const [isAll, setAll] = useState(false)
  const isLoading = useRestOfList(query ?? wholeList, isAll)
  const { keys, rows } = shown
  const lockOf = (row: Row) => bulk?.lockOf?.(row)
  const free = keys.filter((_key, index) => {
    const row = rows[index]
    return row !== undefined && lockOf(row) === undefined
  })
  const isWhole = isAll && !isLoading
  useEffect(() => {
    if (!isWhole) return
    select(toggleAll(noSelection, free))
    setAll(false)
  }, [isWhole, free, select])
  const state = stateOfAll(selection, free)
  const moreLabel = isLoading ? tableTexts.selectingAll : tableTexts.selectMatching(count?.toLocaleString('en') ?? '')
  return {
    rows: rows.filter((_row, index) => selection.keys.has(keys[index] ?? '')),
    all: { state, toggle: () => select(toggleAll(selection, free)) },
    more: state === 'all' && query?.hasNextPage === true ? { label: moreLabel, select: () => setAll(true) } : undefined,
    ofRow: (index) => {
      const row = rows[index]
      const key = keys[index]
      if (bulk === undefined || row === undefined || key === undefined) return undefined
      return {
        label: bulk.nameOf(row),
        isSelected: selection.keys.has(key),
        reason: lockOf(row),
        select: (isRange) => select(isRange ? selectRange(selection, free, key) : toggleRow(selection, key)),
      }
    },
    clear: () => select(noSelection),
  }
}
