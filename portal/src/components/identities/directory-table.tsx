import { Text } from '@fluentui/react-components'
import type { ComponentProps, ReactNode } from 'react'
import { DataTable } from '../elements/data-table.tsx'
import { LoadMore } from '../elements/load-more.tsx'
import { Loaded } from '../elements/loaded.tsx'
import { identitiesTexts } from '../texts/identities.ts'
import { type Collection, useDirectoryList } from './use-directory-list.ts'

type DirectoryTableProps<Item> = {
  readonly label: string
  readonly collection: Collection
  readonly filter: string
  readonly empty: ReactNode
  readonly columns: ComponentProps<typeof DataTable<Item>>['columns']
}

/** The objects of a collection whose names begin with the filter. */
export function DirectoryTable<Item extends { readonly id: string }>(props: DirectoryTableProps<Item>) {
  const { label, collection, filter, empty, columns } = props
  const query = useDirectoryList<Item>(collection, filter)
  return (
    <>
      <Loaded query={query}>
        {({ pages }) => {
          const rows = pages.flatMap(({ items }) => items)
          if (rows.length === 0) return <Text>{filter === '' ? empty : identitiesTexts.noMatch}</Text>
          return <DataTable label={label} rows={rows} keyOf={({ id }) => id} columns={columns} />
        }}
      </Loaded>
      <LoadMore query={query} />
    </>
  )
}
