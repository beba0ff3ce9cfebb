import { Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import { type ComponentProps, useState } from 'react'
import { imagesTexts } from '../texts/images.ts'
import { DataTable } from './data-table.tsx'

const useStyles = makeStyles({ more: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalM } })

/** How many rows are shown at first, and with each further request. More would block the page. */
const step = 100

type LongTableProps<Row> = ComponentProps<typeof DataTable<Row>> & {
  /** What loads the rows. */
  readonly query: Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>
}

/** A table whose rows are shown a hundred at a time. */
export function LongTable<Row>({ rows, query, ...table }: LongTableProps<Row>) {
  const styles = useStyles()
  const { hasNextPage: hasMore, isFetchingNextPage, fetchNextPage } = query
  const [limit, setLimit] = useState(step)
  const shown = rows.slice(0, limit)
  const isCut = shown.length < rows.length
  const more = () => {
    setLimit(limit + step)
    if (rows.length < limit + step && hasMore) void fetchNextPage()
  }
  return (
    <>
      <DataTable {...table} rows={shown} />
      {(isCut || hasMore) && (
        <div className={styles.more}>
          <Button disabled={isFetchingNextPage} onClick={more}>
            {imagesTexts.showMore}
          </Button>
          <Text>{imagesTexts.shown(shown.length, rows.length, !hasMore)}</Text>
        </div>
      )}
    </>
  )
}
