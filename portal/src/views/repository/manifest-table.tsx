import { Badge, Text } from '@fluentui/react-components'
import { Age } from '../../content/age.tsx'
import { isLocked } from '../../content/lock-dialog.tsx'
import { LongTable } from '../../content/long-table.tsx'
import { useRestOfList } from '../../content/rest-of-list.ts'
import { formatBytes } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { texts } from '../../texts.ts'
import { imagesTexts } from '../../texts/images.ts'
import type { ContentTableProps } from './content-table-props.ts'
import { ManifestLink } from './manifest-link.tsx'
import { platformOf } from './platform-of.ts'
import { useManifests } from './use-repository.ts'

const view = texts.repositoryView
const own = imagesTexts.repository

/** The manifests of a repository, also those without a tag. */
export function ManifestTable({ registry, repository, order, filter }: ContentTableProps) {
  const manifests = useManifests(registry, repository, order)
  const isSearching = useRestOfList(manifests, filter !== '')
  return (
    <Loaded query={manifests}>
      {({ pages }) => {
        const all = pages.flatMap(({ items }) => items)
        if (all.length === 0) return <Text>{own.noManifests}</Text>
        const rows = all.filter(
          ({ digest, tags = [] }) => digest.includes(filter) || tags.some((tag) => tag.includes(filter)),
        )
        return (
          <>
            {isSearching && <Text role="status">{imagesTexts.searching}</Text>}
            {rows.length === 0 && !isSearching && <Text>{own.noMatch}</Text>}
            {rows.length > 0 && (
              <LongTable
                label={own.manifests}
                rows={rows}
                keyOf={({ digest }) => digest}
                hasMore={manifests.hasNextPage}
                isLoading={manifests.isFetchingNextPage}
                onMore={() => void manifests.fetchNextPage()}
                columns={[
                  {
                    title: view.digest,
                    cell: ({ digest, changeableAttributes }) => (
                      <>
                        <ManifestLink registry={registry} repository={repository} reference={digest} />{' '}
                        {isLocked(changeableAttributes) && <Badge appearance="outline">{imagesTexts.locked}</Badge>}
                      </>
                    ),
                  },
                  { title: texts.tags, cell: ({ tags = [] }) => (tags.length === 0 ? own.untagged : tags.join(', ')) },
                  { title: imagesTexts.size, cell: ({ imageSize }) => formatBytes(imageSize) },
                  { title: imagesTexts.platform, cell: platformOf },
                  { title: view.updated, cell: ({ lastUpdateTime }) => <Age time={lastUpdateTime} /> },
                  {
                    title: view.pulled,
                    cell: ({ lastPullTime }) =>
                      lastPullTime === undefined ? texts.never : <Age time={lastPullTime} />,
                  },
                ]}
              />
            )}
          </>
        )
      }}
    </Loaded>
  )
}
