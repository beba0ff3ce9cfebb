import {
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import type { ReactNode } from 'react'

const useStyles = makeStyles({
  scroll: { overflowX: 'auto' },
  table: { minWidth: '32rem', tableLayout: 'auto' },
  wide: { minWidth: '64rem', tableLayout: 'auto' },
  cell: {
    overflowWrap: 'anywhere',
    minWidth: '6.5rem',
    paddingTop: tokens.spacingVerticalXS,
    paddingBottom: tokens.spacingVerticalXS,
  },
})

/** A table with more columns needs more space. */
const manyColumns = 5

type DataTableProps<Row> = {
  readonly label: string
  readonly columns: readonly { readonly title: string; readonly cell: (row: Row) => ReactNode }[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
}

/** A table of at most some hundred rows. On a narrow screen it scrolls by itself. */
export function DataTable<Row>({ label, columns, rows, keyOf }: DataTableProps<Row>) {
  const styles = useStyles()
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={label}>
      <Table className={columns.length > manyColumns ? styles.wide : styles.table} aria-label={label}>
        <TableHeader>
          <TableRow>
            {columns.map(({ title }) => (
              <TableHeaderCell key={title}>{title}</TableHeaderCell>
            ))}
          </TableRow>
        </TableHeader>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={keyOf(row)}>
              {columns.map(({ title, cell }) => (
                <TableCell key={title} className={styles.cell}>
                  {cell(row)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </div>
  )
}
