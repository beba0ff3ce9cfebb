import { Text } from '@fluentui/react-components'
import { type CSSProperties, type RefObject, useRef } from 'react'
import { ErrorView } from '../elements/error-view.tsx'
import { layoutOf } from './layout.ts'
import { LoadWhileScrolling } from './load-while-scrolling.tsx'
import { rowHeights, useRowHeight } from './row-height.ts'
import { SkeletonRows } from './skeleton-rows.tsx'
import { formatSort, parseSort } from './sort.ts'
import { TableBody } from './table-body.tsx'
import { TableFoot } from './table-foot.tsx'
import { TableHeader } from './table-header.tsx'
import type { TableProps } from './table-props.ts'
import { useOwnState } from './table-state.ts'
import { useTableStyles } from './table-styles.ts'
import { useActions } from './use-actions.ts'
import { useBulk } from './use-bulk.ts'
import { remPx, useSize } from './use-size.ts'
import { useTableRows } from './use-table-rows.ts'

const phoneRowRem = 3.5
const noRows: readonly never[] = []

/** The table of all lists: rows of one height, of which only those near the window are in the document. */
export function Table<Row>(props: TableProps<Row>) {
  const { rows, query, isMain = false } = props
  const styles = useTableStyles()
  const place = useRef<HTMLDivElement>(null)
  const isFailed = rows === undefined && query?.isError === true
  const isEmpty = isWithoutRows(props)
  const isThere = !isFailed && (!isEmpty || isMain)
  const table = useTable(place, isThere, props)
  if (isFailed) return <ErrorView error={query.error} onRetry={() => void query.refetch()} />
  if (!isThere) return <Text>{props.empty}</Text>
  const variables = { '--table-tracks': table.layout.tracks, '--table-row': `${table.rowRem}rem` } as CSSProperties
  return (
    <div ref={place} className={styles.place} style={{ ...variables, ...(isMain && heightOf(table.topPx)) }}>
      {isEmpty ? <Text>{props.empty}</Text> : <Grid {...props} table={table} />}
      {rows === undefined ? <SkeletonRows /> : query && <LoadWhileScrolling query={query} />}
      <TableFoot {...props} {...table} isPhone={table.layout.isPhone} />
    </div>
  )
}

/** The state of a table: what it shows, and how. */
function useTable<Row>(place: RefObject<HTMLElement | null>, isThere: boolean, props: TableProps<Row>) {
  const { label, columns, rows = noRows, keyOf, query, count, bulk, arrangement = '' } = props
  const own = useOwnState()
  const state = props.state ?? own
  const [height] = useRowHeight()
  const { widthRem, topPx } = useSize(place, isThere)
  const layout = layoutOf({ columns, chosen: state.columns, widthRem, hasSelection: bulk !== undefined })
  const sort = parseSort(state.sort ?? props.usualSort)
  const sorted = props.isSortedByServer === true ? noRows : columns
  const shown = useTableRows({ rows, columns: sorted, sort, keyOf, arrangement })
  const selection = useBulk({ label, bulk, shown, query, count })
  useActions(place, { ...props, state, shown, selection, isOn: props.isMain === true })
  return { state, layout, sort, shown, selection, topPx, rowRem: layout.isPhone ? phoneRowRem : rowHeights[height] }
}

type GridProps<Row> = TableProps<Row> & { readonly table: ReturnType<typeof useTable<Row>> }

function Grid<Row>({ table, ...props }: GridProps<Row>) {
  const { label, usualSort, query, bulk, panel, isWrapped = false } = props
  const { state, layout, sort, shown, selection, topPx, rowRem } = table
  const styles = useTableStyles()
  const open = (key: string) => state.change({ open: key })
  return (
    <div role="table" aria-label={label} aria-rowcount={rowCountOf(props, shown.rows.length)} className={styles.table}>
      <TableHeader
        columns={layout.columns}
        canSort={props.isSortedByServer === true || query?.hasNextPage !== true}
        sort={sort}
        onSort={(next) => state.change({ sort: formatSort(next) === usualSort ? undefined : formatSort(next) })}
        selectAll={bulk && selection.all}
        isPhone={layout.isPhone}
      />
      <TableBody
        shown={shown}
        columns={layout.columns}
        isPhone={layout.isPhone}
        isWrapped={isWrapped}
        rowRem={rowRem}
        topPx={topPx + (layout.isPhone ? 0 : rowRem * remPx())}
        openKey={panel && state.open}
        selectionOf={selection.ofRow}
        onOpen={panel && open}
      />
    </div>
  )
}

/** Whether there is a text to show in place of the rows. */
function isWithoutRows<Row>({ rows, query, empty }: TableProps<Row>): boolean {
  return rows?.length === 0 && query?.hasNextPage !== true && empty !== undefined
}

/** The rows of the whole list and the header; -1 if their number is not known. */
function rowCountOf<Row>({ query, count }: TableProps<Row>, loaded: number): number {
  if (query?.hasNextPage !== true) return loaded + 1
  return count === undefined ? -1 : count + 1
}

/** The space below the main part of a view. */
const bottomRem = 1.25

/** A main table reaches to the end of the window, so that its status line is there. */
const heightOf = (topPx: number): CSSProperties => ({ minHeight: `calc(100vh - ${topPx}px - ${bottomRem}rem)` })
