import { type Column, type Direction, columnId } from './columns.ts'

/** The column by which a table is sorted, and the direction. */
export type Sort = { readonly column: string; readonly direction: Direction }

/** Reads an order from an address: the name of a column, after `-` for a descending order. */
export function parseSort(text: string | undefined): Sort | undefined {
  if (text === undefined || text === '' || text === '-') return undefined
  return text.startsWith('-')
    ? { column: text.slice(1), direction: 'descending' }
    : { column: text, direction: 'ascending' }
}

/** Writes an order for an address. */
export function formatSort({ column, direction }: Sort): string {
  return direction === 'descending' ? `-${column}` : column
}

/** The order after a click on the header of a column: its first direction, then the other one. */
export function nextSort<Row>(sort: Sort | undefined, column: Column<Row>): Sort {
  const id = columnId(column)
  const first = column.sorts ?? 'ascending'
  if (sort?.column !== id || sort.direction !== first) return { column: id, direction: first }
  return { column: id, direction: first === 'ascending' ? 'descending' : 'ascending' }
}

/** Sorts rows by the values of a column. Rows without a value are last in both directions; equal rows keep their order. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: Sort | undefined,
): readonly Row[] {
  const value = columns.find((column) => columnId(column) === sort?.column)?.value
  if (sort === undefined || value === undefined) return rows
  const sign = sort.direction === 'ascending' ? 1 : -1
  return rows
    .map((row) => ({ row, of: value(row) }))
    .toSorted((left, right) => {
      if (left.of === undefined || right.of === undefined)
        return Number(left.of === undefined) - Number(right.of === undefined)
      return sign * compare(left.of, right.of)
    })
    .map(({ row }) => row)
}

const texts = new Intl.Collator('en', { numeric: true })

function compare(left: string | number, right: string | number): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  return texts.compare(String(left), String(right))
}
