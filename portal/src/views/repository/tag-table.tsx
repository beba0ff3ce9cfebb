import { Badge, Text } from '@fluentui/react-components'
import type { ManifestProperties } from '../../api/registry-types.ts'
import { Age } from '../../content/age.tsx'
import { isLocked } from '../../content/lock-dialog.tsx'
import { LongTable } from '../../content/long-table.tsx'
import { useRestOfList } from '../../content/rest-of-list.ts'
import { Digest } from '../../content/digest.tsx'
import { formatBytes } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { texts } from '../../texts.ts'
import { imagesTexts } from '../../texts/images.ts'
import type { ContentTableProps } from './content-table-props.ts'
import { ManifestLink } from './manifest-link.tsx'
import { platformOf } from './platform-of.ts'
import { useManifests, useTags } from './use-repository.ts'

const view = texts.repositoryView
const own = imagesTexts.repository

/** The tags of a repository. Sizes and platforms are those of its manifests, which are read beside them. */
export function TagTable({ registry, repository, order, filter }: ContentTableProps) {
  const tags = useTags(registry, repository, order)
  const manifests = useManifests(registry, repository, order === 'name' ? 'newest' : order)
  const isSearching = useRestOfList(tags, filter !== '')
  const known = new Map(
    manifests.data?.pages.flatMap(({ items }) => items.map((manifest) => [manifest.digest, manifest] as const)),
  )
  const more = () => {
    void tags.fetchNextPage()
    if (manifests.hasNextPage) void manifests.fetchNextPage()
  }
  return (
    <Loaded query={tags}>
      {({ pages }) => {
        const all = pages.flatMap(({ items }) => items)
        if (all.length === 0) return <Text>{own.noTags}</Text>
        const rows = all.filter(({ name, digest }) => name.includes(filter) || digest.includes(filter))
        const fact = (digest: string, show: (manifest: ManifestProperties) => string) => {
          const manifest = known.get(digest)
          return manifest === undefined ? '–' : show(manifest)
        }
        return (
          <>
            {isSearching && <Text role="status">{imagesTexts.searching}</Text>}
            {rows.length === 0 && !isSearching && <Text>{own.noMatch}</Text>}
            {rows.length > 0 && (
              <LongTable
                label={texts.tags}
                rows={rows}
                keyOf={({ name }) => name}
                hasMore={tags.hasNextPage}
                isLoading={tags.isFetchingNextPage}
                onMore={more}
                columns={[
                  {
                    title: view.tag,
                    cell: ({ name, changeableAttributes }) => (
                      <>
                        <ManifestLink registry={registry} repository={repository} reference={name} />{' '}
                        {isLocked(changeableAttributes) && <Badge appearance="outline">{imagesTexts.locked}</Badge>}
                      </>
                    ),
                  },
                  { title: view.digest, cell: ({ digest }) => <Digest digest={digest} /> },
                  {
                    title: imagesTexts.size,
                    cell: ({ digest }) => fact(digest, ({ imageSize }) => formatBytes(imageSize)),
                  },
                  { title: imagesTexts.platform, cell: ({ digest }) => fact(digest, platformOf) },
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
