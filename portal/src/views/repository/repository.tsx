import { Badge, Button, Text } from '@fluentui/react-components'
import { useParams } from '@tanstack/react-router'
import type { TagProperties } from '../../api/registry-types.ts'
import { AppLink } from '../../shell/app-link.tsx'
import { CopyText } from '../../shell/copy-text.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { formatTime, shortDigest } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { texts } from '../../texts.ts'
import { useRegistryName } from '../registry/use-registry.ts'
import { useTags } from './use-tags.ts'

const view = texts.repositoryView

/** One repository: its tags. */
export function Repository() {
  const { registry, repository } = useParams({ from: '/shell/registries/$registry/repositories/$repository' })
  const query = useTags(registry, repository)
  const name = useRegistryName(registry)
  return (
    <Page title={repository}>
      <Section title={view.pull}>
        <CopyText label={view.pull} text={`docker pull ${registry}/${repository}`} />
      </Section>
      <Section title={texts.tags}>
        <Loaded query={query}>
          {({ pages }) => (
            <TagTable registry={registry} repository={repository} tags={pages.flatMap((page) => page.items)} />
          )}
        </Loaded>
        {query.hasNextPage && (
          <div>
            <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {texts.loadMore}
            </Button>
          </div>
        )}
      </Section>
      <Section title={texts.commandLine}>
        <CopyText
          label={texts.commandLine}
          text={`acrux acr repository show-tags --name ${name} --repository ${repository} --detail`}
        />
      </Section>
    </Page>
  )
}

type TagTableProps = {
  readonly registry: string
  readonly repository: string
  readonly tags: readonly TagProperties[]
}

function TagTable({ registry, repository, tags }: TagTableProps) {
  if (tags.length === 0) return <Text>{view.empty}</Text>
  return (
    <DataTable
      label={texts.tags}
      rows={tags}
      keyOf={({ name }) => name}
      columns={[
        {
          title: view.tag,
          cell: ({ name, changeableAttributes }) => (
            <>
              <AppLink
                to="/registries/$registry/repositories/$repository/manifests/$reference"
                params={{ registry, repository, reference: name }}
              >
                {name}
              </AppLink>{' '}
              {!changeableAttributes.writeEnabled && <Badge appearance="outline">{view.locked}</Badge>}
            </>
          ),
        },
        { title: view.digest, cell: ({ digest }) => <code title={digest}>{shortDigest(digest)}</code> },
        { title: view.updated, cell: ({ lastUpdateTime }) => formatTime(lastUpdateTime) },
        {
          title: view.pulled,
          cell: ({ lastPullTime }) => (lastPullTime === undefined ? texts.never : formatTime(lastPullTime)),
        },
      ]}
    />
  )
}
