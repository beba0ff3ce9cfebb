import { AddRegular } from '@fluentui/react-icons'
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { Segments } from '../../components/elements/segments.tsx'
import type { Column } from '../../components/table/columns.ts'
import { FilterMenu, FilterToggle, TextFilter } from '../../components/table/filters.tsx'
import type { TableState } from '../../components/table/table-state.ts'
import { TableTools } from '../../components/table/table-tools.tsx'
import { imagesTexts } from '../../components/texts/images.ts'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { type RepositorySearch, parseRepositorySearch } from './repository-search.ts'

const view = repositoryTexts

type ImageFiltersProps<Row> = {
  readonly search: RepositorySearch
  readonly columns: readonly Column<Row>[]
  readonly state: TableState
  /** Who pushed the images that are loaded: their names by id. */
  readonly pushers: Readonly<Record<string, string>>
  /** Why the person may not add a tag. */
  readonly reason: string | undefined
  readonly onAddTag: () => void
}

/** The filters of the images or tags of a repository, and the choice between both. */
export function ImageFilters<Row>({ search, columns, state, pushers, reason, onAddTag }: ImageFiltersProps<Row>) {
  const navigate = useNavigate()
  const change = useCallback(
    (changed: { readonly [Name in keyof RepositorySearch]: string | undefined }) =>
      void navigate({
        to: '.',
        search: (before: object) => parseRepositorySearch({ ...before, ...changed }),
        replace: true,
      }),
    [navigate],
  )
  const onFilter = useCallback((filter: string) => change({ filter }), [change])
  const { filter = '', by, unused, unsigned, critical, show } = search
  const areTags = show === 'tags'
  const toggled = (isOn: boolean) => (isOn ? 'true' : undefined)
  return (
    <TableTools
      list={areTags ? 'tags' : 'images'}
      columns={columns}
      state={state}
      end={
        <>
          <Segments
            label={view.shown}
            options={{ images: view.byImage, tags: view.byTag }}
            chosen={show ?? 'images'}
            onChoose={(next) => change({ show: next, sort: undefined, columns: undefined })}
          />
          <ActionButton appearance="subtle" icon={<AddRegular />} reason={reason} onClick={onAddTag}>
            {view.addTag.button}
          </ActionButton>
        </>
      }
    >
      <TextFilter label={areTags ? view.filterTags : view.filter} text={filter} onFilter={onFilter} />
      {!areTags && (
        <>
          <FilterMenu
            label={imagesTexts.repositories.pushedBy}
            options={pushers}
            chosen={by}
            onChoose={(value) => change({ by: value })}
          />
          <FilterToggle
            label={view.unused}
            isOn={unused === 'true'}
            onToggle={(isOn) => change({ unused: toggled(isOn) })}
          />
          <FilterToggle
            label={view.unsigned}
            isOn={unsigned === 'true'}
            onToggle={(isOn) => change({ unsigned: toggled(isOn) })}
          />
          <FilterToggle
            label={view.critical}
            isOn={critical === 'true'}
            onToggle={(isOn) => change({ critical: toggled(isOn) })}
          />
        </>
      )}
    </TableTools>
  )
}
