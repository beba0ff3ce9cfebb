import { evenSizeText } from '@acrux/shared/texts/size-text.ts'
import type { RepositoryRow } from '../../api/repositories.ts'
import { Age } from '../../components/elements/age.tsx'
import { AppLink } from '../../components/elements/app-link.tsx'
import { ActorCell } from '../../components/table/cells/actor-cell.tsx'
import { DescribedName } from '../../components/table/cells/described-name.tsx'
import { Sparkline } from '../../components/table/cells/sparkline.tsx'
import { VulnerabilityBadges } from '../../components/table/cells/vulnerability-badges.tsx'
import type { Column } from '../../components/table/columns.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'

const view = imagesTexts.repositories

/** The columns of the list of repositories of a registry. */
export function repositoryColumns(registry: string): readonly Column<RepositoryRow>[] {
  const name: Column<RepositoryRow> = {
    id: 'name',
    title: words.repository,
    minWidth: 14,
    grow: 1,
    sorts: 'ascending',
    cell: ({ name, description }) => (
      <DescribedName description={description}>
        <AppLink to="/r/$registry/repositories/$repository" params={{ registry, repository: name }}>
          {name}
        </AppLink>
      </DescribedName>
    ),
  }
  return [name, ...otherColumns]
}

const otherColumns: readonly Column<RepositoryRow>[] = [
  {
    id: 'tags',
    title: texts.tags,
    width: 4,
    isNumber: true,
    dropOrder: 2,
    cell: ({ tagCount }) => tagCount.toLocaleString('en'),
    phoneCell: ({ tagCount }) => view.tagCount(tagCount),
  },
  {
    id: 'size',
    title: words.size,
    width: 5,
    isNumber: true,
    sorts: 'descending',
    cell: ({ size }) => evenSizeText(size),
  },
  {
    id: 'pushed',
    title: view.lastPush,
    width: 7.5,
    sorts: 'descending',
    cell: ({ lastPushTime }) => (lastPushTime === undefined ? '' : <Age time={lastPushTime} />),
  },
  {
    id: 'by',
    title: view.pushedBy,
    width: 8.5,
    dropOrder: 3,
    cell: ({ pushedBy }) => pushedBy && <ActorCell {...pushedBy} />,
  },
  {
    id: 'pulls',
    title: view.pulls,
    width: 8,
    isNumber: true,
    sorts: 'descending',
    dropOrder: 4,
    onPhone: 'absent',
    cell: ({ pulls, pullsByDay }) => (
      <>
        <Sparkline values={pullsByDay} /> {pulls.toLocaleString('en')}
      </>
    ),
  },
  {
    id: 'vulnerabilities',
    title: view.vulnerabilities,
    width: 9.5,
    dropOrder: 5,
    onPhone: 'absent',
    cell: ({ vulnerabilities }) => <VulnerabilityBadges counts={vulnerabilities} />,
  },
  {
    id: 'images',
    title: imagesTexts.repository.manifests,
    width: 6,
    isNumber: true,
    isExtra: true,
    onPhone: 'absent',
    cell: ({ manifestCount }) => manifestCount.toLocaleString('en'),
  },
  {
    id: 'pulled',
    title: words.lastPulled,
    width: 8,
    isExtra: true,
    cell: ({ lastPullTime }) => (lastPullTime === undefined ? texts.never : <Age time={lastPullTime} />),
  },
  {
    id: 'created',
    title: words.created,
    width: 8,
    isExtra: true,
    cell: ({ createdTime }) => <Age time={createdTime} />,
  },
]
