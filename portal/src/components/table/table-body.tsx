import type { CSSProperties } from 'react'
import type { Column } from './columns.ts'
import type { ShownRows } from './kept-order.ts'
import { type RowSelection, TableRow } from './table-row.tsx'
import { useTableStyles } from './table-styles.ts'
import { useVirtualRows } from './use-virtual-rows.ts'

type TableBodyProps<Row> = {
  readonly shown: ShownRows<Row>
  readonly columns: readonly Column<Row>[]
  readonly isPhone: boolean
  readonly isWrapped: boolean
  readonly rowRem: number
  readonly topPx: number
  readonly openKey: string | undefined
  readonly selectionOf: (index: number) => RowSelection | undefined
  readonly onOpen: ((key: string) => void) | undefined
}

/** The rows of a table that are near the window. */
export function TableBody<Row>(props: TableBodyProps<Row>) {
  const { shown, columns, isPhone, isWrapped, rowRem, topPx, openKey, selectionOf, onOpen } = props
  const styles = useTableStyles()
  const { indexes, abovePx, belowPx, measure } = useVirtualRows({ count: shown.rows.length, rowRem, topPx })
  const space: CSSProperties = { paddingTop: abovePx, paddingBottom: belowPx }
  return (
    <div role="rowgroup" className={styles.group} style={space}>
      {indexes.map((index) => {
        const row = shown.rows[index]
        const key = shown.keys[index]
        if (row === undefined || key === undefined) return null
        return (
          <TableRow
            key={key}
            row={row}
            index={index}
            columns={columns}
            selection={selectionOf(index)}
            isPhone={isPhone}
            isWrapped={isWrapped}
            isChanged={shown.changed.has(key)}
            isOpen={key === openKey}
            isFirst={index === indexes[0]}
            measure={measure}
            onOpen={onOpen === undefined ? undefined : () => onOpen(key)}
          />
        )
      })}
    </div>
  )
}
