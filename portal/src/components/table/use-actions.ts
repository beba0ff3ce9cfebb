import type { RefObject } from 'react'
import type { ShownRows } from './kept-order.ts'
import type { TableState } from './table-state.ts'
import type { TableProps } from './table-props.ts'
import type { BulkSelection } from './use-bulk.ts'
import { useTableKeys } from './use-table-keys.ts'

type Wanted<Row> = Pick<TableProps<Row>, 'panel' | 'bulk' | 'copyTextOf' | 'query'> & {
  readonly state: TableState
  readonly shown: ShownRows<Row>
  readonly selection: BulkSelection<Row>
  readonly isOn: boolean
}

/** Lets the keys act on the rows of a table. */
export function useActions<Row>(place: RefObject<HTMLElement | null>, wanted: Wanted<Row>): void {
  const { panel, bulk, copyTextOf, query, state, shown, selection, isOn } = wanted
  const onDelete = bulk?.onDelete
  useTableKeys(place, isOn, {
    open: (index) => {
      if (panel === undefined) linkOf(place.current, index)?.click()
      else state.change({ open: shown.keys[index] })
    },
    toggle: (index) => {
      const row = selection.ofRow(index)
      if (row?.reason === undefined) row?.select(false)
    },
    delete:
      onDelete &&
      ((index) => {
        const row = index === undefined ? undefined : shown.rows[index]
        const rows = selection.rows.length > 0 || row === undefined ? selection.rows : [row]
        if (rows.length > 0) onDelete(rows)
      }),
    copy:
      copyTextOf &&
      ((index) => {
        const row = shown.rows[index]
        if (row !== undefined) void navigator.clipboard.writeText(copyTextOf(row))
      }),
    close: closeOf(state, selection),
    refresh: query && (() => void query.refetch()),
  })
}

/** What Esc does: it closes the panel, then clears the selection. */
function closeOf<Row>(state: TableState, selection: BulkSelection<Row>): (() => void) | undefined {
  if (state.open !== undefined) return () => state.change({ open: undefined })
  return selection.rows.length > 0 ? selection.clear : undefined
}

/** The first link of a row. */
const linkOf = (place: HTMLElement | null, index: number) =>
  place?.querySelector<HTMLAnchorElement>(`[data-index="${index}"] a`)
