import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Badge, Text } from '@fluentui/react-components'
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ChangeableAttributes } from '../../api/content-types.ts'
import type { ListOrder, Page } from '../../api/registry.ts'
import { Age } from '../../components/elements/age.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { TagChips } from '../../components/table/cells/tag-chips.tsx'
import { Table } from '../../components/table/table.tsx'
import { useRestOfList } from '../../components/elements/rest-of-list.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { Digest } from '../../components/registries/digest.tsx'
import { isLocked } from '../../components/registries/locks.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { ManifestLink } from './manifest-link.tsx'
import { platformsOf } from './platforms-of.ts'
import { useManifests, useTags } from './use-repository.ts'

const view = texts.repositoryView
const own = imagesTexts.repository

type ContentTableProps = {
  readonly loginServer: string
  readonly repository: string
  readonly order: ListOrder
  readonly filter: string
}

/** A tag or a manifest. */
type Row = {
  /** The tag, or the digest of a manifest. */
  readonly reference: string
  /** The second column: the digest of a tag, or the tags of a manifest. */
  readonly other: string
  /** The tags of a manifest. */
  readonly tags?: readonly string[]
  readonly sizeBytes: number | undefined
  readonly platforms: string
  readonly updatedAt: string
  readonly pulledAt: string | undefined
  readonly locks: ChangeableAttributes
}

/** The tags of a repository. */
export function TagTable(props: ContentTableProps) {
  const query = useTags(props.loginServer, props.repository, props.order)
  return (
    <ContentTable
      {...props}
      query={query}
      texts={{ label: texts.tags, reference: view.tag, other: words.digest, empty: own.noTags }}
      toRow={({ name, digest, manifest, lastUpdateTime, lastPullTime, changeableAttributes }) => ({
        reference: name,
        other: digest,
        sizeBytes: manifest?.imageSize,
        platforms: manifest === undefined ? '–' : platformsOf(manifest),
        updatedAt: lastUpdateTime,
        pulledAt: lastPullTime,
        locks: changeableAttributes,
      })}
    />
  )
}

/** The manifests of a repository, also those without a tag. */
export function ManifestTable(props: ContentTableProps) {
  const query = useManifests(props.loginServer, props.repository, props.order)
  return (
    <ContentTable
      {...props}
      query={query}
      texts={{ label: own.manifests, reference: words.digest, other: texts.tags, empty: own.noManifests }}
      toRow={(manifest) => ({
        reference: manifest.digest,
        other: manifest.tags?.join(', ') ?? own.untagged,
        tags: manifest.tags ?? [],
        sizeBytes: manifest.imageSize,
        platforms: platformsOf(manifest),
        updatedAt: manifest.lastUpdateTime,
        pulledAt: manifest.lastPullTime,
        locks: manifest.changeableAttributes,
      })}
    />
  )
}

type RowsProps<Item> = ContentTableProps & {
  readonly query: UseInfiniteQueryResult<{ readonly pages: readonly Page<Item>[] }>
  readonly texts: { readonly label: string; readonly reference: string; readonly other: string; readonly empty: string }
  readonly toRow: (item: Item) => Row
}

function ContentTable<Item>({ repository, filter, query, texts: titles, toRow }: RowsProps<Item>) {
  const { name: registry } = useAddressedRegistry()
  const isSearching = useRestOfList(query, filter !== '')
  return (
    <Loaded query={query}>
      {({ pages }) => {
        const all = pages.flatMap(({ items }) => items.map(toRow))
        if (all.length === 0) return <Text>{titles.empty}</Text>
        const rows = all.filter(({ reference, other }) => reference.includes(filter) || other.includes(filter))
        return (
          <>
            {isSearching && <Text role="status">{imagesTexts.searching}</Text>}
            {rows.length === 0 && !isSearching && <Text>{words.noMatch}</Text>}
            {rows.length > 0 && <Text size={200}>{imagesTexts.sizeHint}</Text>}
            {rows.length > 0 && (
              <Table
                isMain
                label={titles.label}
                rows={rows}
                keyOf={({ reference }) => reference}
                query={query}
                columns={[
                  {
                    title: titles.reference,
                    cell: ({ reference, locks }) => (
                      <>
                        <ManifestLink registry={registry} repository={repository} reference={reference} />{' '}
                        {isLocked(locks) && <Badge appearance="outline">{words.locked}</Badge>}
                      </>
                    ),
                  },
                  {
                    title: titles.other,
                    cell: ({ other, tags }) => {
                      if (tags === undefined) return <Digest digest={other} />
                      return tags.length === 0 ? other : <TagChips tags={tags} />
                    },
                  },
                  {
                    title: words.size,
                    cell: ({ sizeBytes }) => (sizeBytes === undefined ? '–' : sizeText(sizeBytes)),
                  },
                  { title: imagesTexts.platform, cell: ({ platforms }) => platforms },
                  { title: view.updated, cell: ({ updatedAt }) => <Age time={updatedAt} /> },
                  {
                    title: words.lastPulled,
                    cell: ({ pulledAt }) => (pulledAt === undefined ? texts.never : <Age time={pulledAt} />),
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
