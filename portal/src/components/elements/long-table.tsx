import { Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import { type ComponentProps, useState } from 'react'
import { DataTable } from './data-table.tsx'
import { imagesTexts } from '../texts/images.ts'

const useStyles = makeStyles({ more: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalM } })

/** How many rows are shown at first, and with each further request. More would block the page. */
const step = 100

type LongTableProps<Row> = ComponentProps<typeof DataTable<Row>> & {
  /** Whether there are rows that are not loaded yet. */
  readonly hasMore: boolean
  readonly isLoading: boolean
  readonly onMore: () => void
}

/** A table whose rows are shown a hundred at a time. */
export function LongTable<Row>({ rows, hasMore, isLoading, onMore, ...table }: LongTableProps<Row>) {
  const styles = useStyles()
  const [limit, setLimit] = useState(step)
  const shown = rows.slice(0, limit)
  const isCut = shown.length < rows.length
  const more = () => {
    setLimit(limit + step)
    if (rows.length < limit + step && hasMore) onMore()
  }
  return (
    <>
      <DataTable {...table} rows={shown} />
      {(isCut || hasMore) && (
        <div className={styles.more}>
          <Button disabled={isLoading} onClick={more}>
            {imagesTexts.showMore}
          </Button>
          <Text>{imagesTexts.shown(shown.length, rows.length, !hasMore)}</Text>
        </div>
      )}
    </>
  )
}
