import { tableTexts } from '../texts/table.ts'
import { BulkBar } from './bulk-bar.tsx'
import type { ShownRows } from './kept-order.ts'
import { SidePanel } from './side-panel.tsx'
import { StatusLine } from './status-line.tsx'
import type { TableState } from './table-state.ts'
import type { TableProps } from './table-props.ts'
import type { BulkSelection } from './use-bulk.ts'

type TableFootProps<Row> = Pick<TableProps<Row>, 'isMain' | 'status' | 'query' | 'bulk' | 'panel' | 'copyTextOf'> & {
  readonly state: TableState
  readonly shown: ShownRows<Row>
  readonly selection: BulkSelection<Row>
  readonly isPhone: boolean
}

/** What is below the rows: the bar of the selected rows, the status line; and beside them the panel of a row. */
export function TableFoot<Row>(props: TableFootProps<Row>) {
  const { isMain = false, status, query, bulk, panel, state, shown, selection, isPhone } = props
  const opened = shown.rows[shown.keys.indexOf(state.open ?? '')]
  const details = opened === undefined ? undefined : panel?.(opened)
  return (
    <>
      {bulk !== undefined && selection.rows.length > 0 && (
        <BulkBar bulk={bulk} rows={selection.rows} more={selection.more} onClear={selection.clear} />
      )}
      {isMain && (
        <StatusLine
          loaded={query?.hasNextPage === true ? shown.rows.length : undefined}
          updatedAtMs={query?.dataUpdatedAt}
          keys={keyHints(props)}
          isPhone={isPhone}
        >
          {status}
        </StatusLine>
      )}
      {details !== undefined && (
        <SidePanel title={details.title} onClose={() => state.change({ open: undefined })}>
          {details.content}
        </SidePanel>
      )}
    </>
  )
}

const words = tableTexts.keys

function keyHints<Row>({ bulk, copyTextOf }: TableFootProps<Row>): readonly (readonly [key: string, does: string])[] {
  return [
    ['J K', words.move],
    ['Enter', words.open],
    ...(bulk === undefined ? [] : [['X', words.select] as const]),
    ...(bulk?.onDelete === undefined ? [] : [['Del', words.delete] as const]),
    ...(copyTextOf === undefined ? [] : [['C', words.copy] as const]),
  ]
}
