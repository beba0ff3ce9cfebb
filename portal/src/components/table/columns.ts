import type { ReactNode } from 'react'

/** A column of a table. Widths are in rem, so that columns grow with the text. */
export type Column<Row> = {
  /** The name in the address. Without it, the title. */
  readonly id?: string
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** The cell in the second line of a phone, where no title says what it is. Without it, `cell`. */
  readonly phoneCell?: (row: Row) => ReactNode
  /** What a list that is loaded as a whole is sorted by. */
  readonly value?: (row: Row) => string | number | undefined
  /** The direction of the first click on the header. The server or `value` sorts by the column. */
  readonly sorts?: Direction
  /** The width. Without it, the column is at least `minWidth` wide, and takes what its content needs. */
  readonly width?: number
  readonly minWidth?: number
  /** The share of the free space, as in a flexible track of a grid. */
  readonly grow?: number
  readonly isNumber?: boolean
  /** Whether only screen readers read the title. */
  readonly hidesTitle?: true
  /** Where the table is narrow: a column with a higher number disappears first, and one without a number never. */
  readonly dropOrder?: number
  /** Not shown until the person chooses it. */
  readonly isExtra?: boolean
  /** On a phone: whether the cell is in the second line, at the end of the row, or absent. The first column is the first line. */
  readonly onPhone?: 'second' | 'end' | 'absent'
}

/** The directions of an order. */
export type Direction = 'ascending' | 'descending'

const defaultMinWidth = 5
/** Space between two columns. */
const gap = 1

/** The name of a column in the address. */
export function columnId<Row>({ id, title }: Column<Row>): string {
  return id ?? title
}

/** The columns that a person chose, or the usual ones. The first column is always there. */
export function chosenColumns<Row>(
  columns: readonly Column<Row>[],
  chosen: string | undefined,
): readonly Column<Row>[] {
  const ids = chosen?.split('.')
  return columns.filter((column, index) =>
    ids === undefined ? column.isExtra !== true : index === 0 || ids.includes(columnId(column)),
  )
}

/** The choice after a column was shown or hidden; `undefined` for the usual columns. */
export function toggleColumn<Row>(
  columns: readonly Column<Row>[],
  chosen: string | undefined,
  id: string,
): string | undefined {
  const shown = new Set(chosenColumns(columns, chosen).map(columnId))
  if (!shown.delete(id)) shown.add(id)
  const ids = columns.map(columnId).filter((each) => shown.has(each))
  const usual = chosenColumns(columns, undefined).map(columnId)
  return ids.join('.') === usual.join('.') ? undefined : ids.join('.')
}

/** The columns that fit into a width. */
export function fittingColumns<Row>(columns: readonly Column<Row>[], widthRem: number): readonly Column<Row>[] {
  if (leastWidthOf(columns) <= widthRem) return columns
  const order = Math.max(...columns.map(({ dropOrder = 0 }) => dropOrder))
  if (order === 0) return columns
  const last = columns.findLastIndex(({ dropOrder }) => dropOrder === order)
  return fittingColumns(columns.toSpliced(last, 1), widthRem)
}

/** The least width of columns, with the space between them. */
export function leastWidthOf<Row>(columns: readonly Column<Row>[]): number {
  return columns.reduce((sum, column) => sum + leastWidth(column) + gap, 0)
}

function leastWidth<Row>({ width, minWidth = defaultMinWidth }: Column<Row>): number {
  return width ?? minWidth
}

/** The track of a column in a grid. */
export function trackOf<Row>(column: Column<Row>): string {
  const { width, grow } = column
  if (width !== undefined) return `${width}rem`
  return `minmax(${leastWidth(column)}rem, ${grow === undefined ? 'auto' : `${grow}fr`})`
}
