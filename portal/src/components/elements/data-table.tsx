import {
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { Name } from './name.tsx'

const useStyles = makeStyles({
  scroll: { overflowX: 'auto' },
  table: { minWidth: '32rem', tableLayout: 'auto' },
  wide: { minWidth: '64rem', tableLayout: 'auto' },
  // The cells of a row are below each other on a narrow screen.
  stacked: {
    '@media (max-width: 30rem)': {
      '& [role="rowgroup"]:has([role="columnheader"])': { display: 'none' },
      '& [role="row"]': {
        display: 'block',
        paddingTop: tokens.spacingVerticalXS,
        paddingBottom: tokens.spacingVerticalXS,
      },
    },
  },
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
  /** What is shown in place of a table without rows. */
  readonly empty?: ReactNode
  /** For a few short columns: on a narrow screen, it needs no scrolling. */
  readonly isStacked?: boolean
}

/** A table of at most some hundred rows. On a narrow screen it scrolls by itself, or the cells of each row are stacked. */
export function DataTable<Row>({ label, columns, rows, keyOf, empty, isStacked = false }: DataTableProps<Row>) {
  const styles = useStyles()
  if (rows.length === 0 && empty !== undefined) return <Text>{empty}</Text>
  const wide = columns.length > manyColumns ? styles.wide : styles.table
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={label}>
      <Table noNativeElements={isStacked} className={isStacked ? styles.stacked : wide} aria-label={label}>
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
                  <Name>{cell(row)}</Name>
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </div>
  )
}
