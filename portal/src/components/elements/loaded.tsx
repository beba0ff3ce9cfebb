import { Skeleton, SkeletonItem, Text, makeStyles, tokens } from '@fluentui/react-components'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useLostSince } from '../../api/connection.ts'
import { texts } from '../texts/texts.ts'
import { ErrorView } from './error-view.tsx'

const useStyles = makeStyles({ skeleton: { display: 'grid', rowGap: tokens.spacingVerticalM } })

type LoadedProps<Data> = {
  readonly query: UseQueryResult<Data>
  readonly children: (data: Data) => ReactNode
}

/** Shows the data of a query; before that a skeleton, and an error in its place. While the server cannot be reached, queries wait. */
export function Loaded<Data>({ query, children }: LoadedProps<Data>) {
  const styles = useStyles()
  const isLost = useLostSince() !== undefined
  if (query.isError) return <ErrorView error={query.error} onRetry={() => void query.refetch()} />
  if (query.data === undefined && isLost) return <Text>{texts.connection.notLoaded}</Text>
  if (query.data === undefined) {
    return (
      <Skeleton className={styles.skeleton} aria-label={texts.loading}>
        {[0, 1, 2].map((row) => (
          <SkeletonItem key={row} size={24} />
        ))}
      </Skeleton>
    )
  }
  return <>{children(query.data)}</>
}
