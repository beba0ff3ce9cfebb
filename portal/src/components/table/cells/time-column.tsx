import { Age } from '../../elements/age.tsx'
import type { Column } from '../columns.ts'

/** A column of times as ages, of which the newest come first. `absent` is shown without a time. */
export function timeColumn<Row>(
  id: string,
  title: string,
  timeOf: (row: Row) => string | null | undefined,
  absent = '',
): Column<Row> {
  const value = (row: Row) => timeOf(row) ?? undefined
  const cell = (row: Row) => {
    const time = value(row)
    return time === undefined ? absent : <Age time={time} />
  }
  return { id, title, width: 8, sorts: 'descending', value, cell }
}
