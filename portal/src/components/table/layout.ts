import { type Column, chosenColumns, fittingColumns, leastWidthOf, trackOf } from './columns.ts'

/** Below this width, a table shows two lines per row. */
const phoneRem = 30
const selectionRem = 2

/** How a table is laid out: its columns, and the tracks of its grid. */
export type Layout<Row> = {
  readonly columns: readonly Column<Row>[]
  readonly isPhone: boolean
  readonly tracks: string
}

type Wanted<Row> = {
  readonly columns: readonly Column<Row>[]
  readonly chosen: string | undefined
  /** `undefined` before the table is measured. */
  readonly widthRem: number | undefined
  readonly hasSelection: boolean
}

/** Lays a table out: all chosen columns, those that fit, or two lines per row. */
export function layoutOf<Row>({ columns, chosen, widthRem, hasSelection }: Wanted<Row>): Layout<Row> {
  const wanted = chosenColumns(columns, chosen)
  const freeRem = (widthRem ?? Number.POSITIVE_INFINITY) - (hasSelection ? selectionRem : 0)
  const fitting = fittingColumns(wanted, freeRem)
  const isPhone = freeRem < phoneRem || leastWidthOf(fitting) > freeRem
  const shown = isPhone ? wanted : fitting
  const tracks = isPhone
    ? ['minmax(0, 1fr)', ...shown.slice(1).flatMap(({ onPhone }) => (onPhone === 'end' ? ['auto'] : []))]
    : shown.map(trackOf)
  return { columns: shown, isPhone, tracks: [...(hasSelection ? ['1rem'] : []), ...tracks].join(' ') }
}
