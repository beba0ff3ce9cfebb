import { ToggleButton, makeStyles } from '@fluentui/react-components'
import { ListRegular, TextBulletListTreeRegular } from '@fluentui/react-icons'
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { RepositoryRow } from '../../api/repositories.ts'
import type { Column } from '../../components/table/columns.ts'
import { FilterMenu, FilterToggle, TextFilter } from '../../components/table/filters.tsx'
import type { TableState } from '../../components/table/table-state.ts'
import { TableTools } from '../../components/table/table-tools.tsx'
import { imagesTexts } from '../../components/texts/images.ts'
import { type RepositoriesSearch, parseRepositoriesSearch } from './repositories-search.ts'

const view = imagesTexts.repositories

const useStyles = makeStyles({ views: { display: 'flex' } })

type RepositoryFiltersProps = {
  readonly search: RepositoriesSearch
  readonly columns: readonly Column<RepositoryRow>[]
  readonly state: TableState
  /** Who pushed to the repositories that are loaded: their names by id. */
  readonly pushers: Readonly<Record<string, string>>
}

/** The filters of the list of repositories, and the choice between list and tree. */
export function RepositoryFilters({ search, columns, state, pushers }: RepositoryFiltersProps) {
  const styles = useStyles()
  const navigate = useNavigate()
  const change = useCallback(
    (changed: { readonly [Name in keyof RepositoriesSearch]: string | undefined }) =>
      void navigate({
        to: '.',
        search: (before: object) => parseRepositoriesSearch({ ...before, ...changed }),
        replace: true,
      }),
    [navigate],
  )
  const onFilter = useCallback((filter: string) => change({ filter }), [change])
  const { filter = '', pushed, by, unused, show } = search
  return (
    <TableTools
      list="repositories"
      columns={columns}
      state={state}
      end={
        <span className={styles.views} role="group" aria-label={view.view}>
          <ToggleButton
            checked={show !== 'tree'}
            aria-label={view.list}
            title={view.list}
            icon={<ListRegular />}
            onClick={() => change({ show: undefined })}
          />
          <ToggleButton
            checked={show === 'tree'}
            aria-label={view.tree}
            title={view.tree}
            icon={<TextBulletListTreeRegular />}
            onClick={() => change({ show: 'tree' })}
          />
        </span>
      }
    >
      <TextFilter label={view.filter} text={filter} onFilter={onFilter} />
      <FilterMenu
        label={view.lastPush}
        options={view.pushed}
        chosen={pushed}
        onChoose={(value) => change({ pushed: value })}
      />
      <FilterMenu label={view.pushedBy} options={pushers} chosen={by} onChoose={(value) => change({ by: value })} />
      <FilterToggle
        label={view.unused}
        isOn={unused === 'true'}
        onToggle={(isOn) => change({ unused: isOn ? 'true' : undefined })}
      />
    </TableTools>
  )
}
