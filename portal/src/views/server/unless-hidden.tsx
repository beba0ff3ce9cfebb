import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError } from '../../api/client.ts'

type UnlessHiddenProps = {
  /** A query that the roles of the person may not include. */
  readonly query: UseQueryResult
  readonly hidden: ReactNode
  readonly children: ReactNode
}

/** Shows `hidden` in place of the children if the server denies the query. */
export function UnlessHidden({ query, hidden, children }: UnlessHiddenProps) {
  return query.error instanceof ApiError && query.error.status === 403 ? hidden : children
}
