import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { tableTexts } from '../texts/table.ts'
import { type Column, columnId } from './columns.ts'
import { SelectBox } from './select-box.tsx'
import { type Sort, nextSort } from './sort.ts'
import { useTableStyles } from './table-styles.ts'

const useStyles = makeStyles({
  button: {
    padding: 0,
    border: 'none',
    background: 'none',
    color: 'inherit',
    font: 'inherit',
    fontWeight: tokens.fontWeightSemibold,
    cursor: 'pointer',
    whiteSpace: 'nowrap',
    ':hover': { textDecorationLine: 'underline' },
  },
  sorted: { color: tokens.colorBrandForegroundLink },
})

/** What the box in the header shows, and does. */
export type SelectAll = { readonly state: 'none' | 'some' | 'all'; readonly toggle: () => void }

type TableHeaderProps<Row> = {
  readonly columns: readonly Column<Row>[]
  /** Whether the list can be sorted: by the server, or because all of its rows are loaded. */
  readonly canSort: boolean
  readonly sort: Sort | undefined
  readonly onSort: (sort: Sort) => void
  readonly selectAll: SelectAll | undefined
  readonly isPhone: boolean
}

/** The titles of the columns. A title that is a button sorts by its column. On a phone, only screen readers read the titles. */
export function TableHeader<Row>({ columns, canSort, sort, onSort, selectAll, isPhone }: TableHeaderProps<Row>) {
  const table = useTableStyles()
  return (
    <div role="rowgroup" className={isPhone ? table.hidden : mergeClasses(table.group, table.head)}>
      <div role="row" aria-rowindex={1} className={table.row}>
        {selectAll !== undefined && (
          <div role="columnheader" className={table.cell}>
            {isPhone ? (
              tableTexts.selectAll
            ) : (
              <SelectBox
                label={tableTexts.selectAll}
                isChecked={selectAll.state === 'all'}
                isPartly={selectAll.state === 'some'}
                onSelect={selectAll.toggle}
              />
            )}
          </div>
        )}
        {columns.map((column) => (
          <HeaderCell
            key={columnId(column)}
            column={column}
            sort={sort}
            onSort={
              canSort && !isPhone && column.sorts !== undefined ? () => onSort(nextSort(sort, column)) : undefined
            }
          />
        ))}
      </div>
    </div>
  )
}

type HeaderCellProps<Row> = {
  readonly column: Column<Row>
  readonly sort: Sort | undefined
  readonly onSort: (() => void) | undefined
}

function HeaderCell<Row>({ column, sort, onSort }: HeaderCellProps<Row>) {
  const table = useTableStyles()
  const styles = useStyles()
  const direction = sort?.column === columnId(column) ? sort.direction : undefined
  return (
    <div
      role="columnheader"
      className={mergeClasses(table.cell, table.oneLine, table.title, column.isNumber === true && table.number)}
      {...(onSort !== undefined && { 'aria-sort': direction ?? 'none' })}
    >
      {onSort === undefined ? (
        <span className={mergeClasses(column.hidesTitle === true && table.hidden)}>{column.title}</span>
      ) : (
        <button
          type="button"
          className={mergeClasses(styles.button, direction !== undefined && styles.sorted)}
          onClick={onSort}
        >
          {column.title}
          <span aria-hidden>{direction === undefined ? '' : direction === 'ascending' ? ' ↑' : ' ↓'}</span>
        </button>
      )}
    </div>
  )
}
