import { Text } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { Loaded } from '../elements/loaded.tsx'
import type { Column } from '../table/columns.ts'
import { Table } from '../table/table.tsx'
import { identitiesTexts } from '../texts/identities.ts'
import { type Collection, useDirectoryList } from './use-directory-list.ts'

type DirectoryTableProps<Item> = {
  readonly label: string
  readonly collection: Collection
  readonly filter: string
  readonly empty: ReactNode
  readonly columns: readonly Column<Item>[]
}

/** The objects of a collection whose names begin with the filter. */
export function DirectoryTable<Item extends { readonly id: string }>(props: DirectoryTableProps<Item>) {
  const { label, collection, filter, empty, columns } = props
  const query = useDirectoryList<Item>(collection, filter)
  return (
    <Loaded query={query}>
      {({ pages }) => {
        const rows = pages.flatMap(({ items }) => items)
        if (rows.length === 0) return <Text>{filter === '' ? empty : identitiesTexts.noMatch}</Text>
        return (
          <Table
            label={label}
            rows={rows}
            keyOf={({ id }) => id}
            query={query}
            columns={columns}
            arrangement={filter}
            isMain
          />
        )
      }}
    </Loaded>
  )
}
