import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ComponentProps, type ReactNode, useCallback, useState } from 'react'
import { ActionBar } from '../elements/action-bar.tsx'
import { CommandLine } from '../elements/command-line.tsx'
import { FilterField } from '../elements/filter-field.tsx'
import { Page } from '../elements/page.tsx'
import { DirectoryTable } from './directory-table.tsx'
import { useOwnerReason } from './use-directory-role.ts'

type DirectoryViewProps<Item> = Pick<
  ComponentProps<typeof DirectoryTable<Item & { readonly id: string }>>,
  'collection' | 'empty' | 'columns'
> & {
  readonly title: string
  /** The label of the button that opens the form, and the form of a new object. */
  readonly create: string
  readonly form: (onClose: () => void) => ReactNode
  readonly opensForm?: boolean
  readonly command: string
}

/** The objects of a collection of the directory, with a filter in the address and a form for a new one. */
export function DirectoryView<Item extends { readonly id: string }>(props: DirectoryViewProps<Item>) {
  const { title, collection, empty, columns, create, form, opensForm = false, command } = props
  const { filter = '' } = useSearch({ strict: false })
  const navigate = useNavigate()
  const reason = useOwnerReason()
  const [isCreating, setCreating] = useState(opensForm)
  const onFilter = useCallback(
    (text: string) => void navigate({ to: '.', search: text === '' ? {} : { filter: text }, replace: true }),
    [navigate],
  )
  return (
    <Page title={title}>
      <ActionBar actions={[{ label: create, reason, isPrimary: true, act: () => setCreating(true) }]} />
      <FilterField filter={filter} onFilter={onFilter} />
      <DirectoryTable<Item> label={title} collection={collection} filter={filter} empty={empty} columns={columns} />
      <CommandLine text={command} />
      {isCreating && reason === undefined && form(() => setCreating(false))}
    </Page>
  )
}
