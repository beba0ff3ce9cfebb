import { Button, Field, Input, Text } from '@fluentui/react-components'
import type { ComponentProps, ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { DataTable } from '../shell/data-table.tsx'
import { Loaded } from '../shell/loaded.tsx'
import { texts } from '../texts.ts'
import { identitiesTexts } from '../texts/identities.ts'
import { type Collection, useDirectoryList } from './use-directory-list.ts'

const delayMs = 250

/** A filter that is reported when the person stops typing. */
export function FilterField({
  filter,
  onFilter,
}: {
  readonly filter: string
  readonly onFilter: (text: string) => void
}) {
  const [typed, setTyped] = useState(filter)
  useEffect(() => setTyped(filter), [filter])
  useEffect(() => {
    if (typed === filter) return
    const timer = setTimeout(() => onFilter(typed), delayMs)
    return () => clearTimeout(timer)
  }, [typed, filter, onFilter])
  return (
    <Field label={identitiesTexts.filter}>
      <Input type="search" value={typed} onChange={(_event, { value }) => setTyped(value)} />
    </Field>
  )
}

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
      {query.hasNextPage && (
        <div>
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {texts.loadMore}
          </Button>
        </div>
      )}
    </>
  )
}
