import { Badge, Field, Select, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useReadAgain } from '../../api/queries.ts'
import type { ListOrder } from '../../api/registry.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { ListFilter } from '../../components/elements/list-bar.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { Tabs } from '../../components/elements/tabs.tsx'
import { RepositoriesLink } from '../../components/registries/repositories-link.tsx'
import { isLocked } from '../../components/registries/locks.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { formatTime } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { pushCommand } from '../registry/sign-in-commands.ts'
import { ManifestTable, TagTable } from './content-table.tsx'
import { RepositoryActions } from './repository-actions.tsx'
import { type RepositorySearch, parseRepositorySearch } from './repository-search.ts'
import { useRepository, useTags } from './use-repository.ts'

const view = imagesTexts.repository
const route = '/shell/r/$registry/repositories/$repository'

const useStyles = makeStyles({
  tools: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalL },
})

/** One repository: its tags and manifests. */
export function Repository() {
  const { repository } = useParams({ from: route })
  const { name, loginServer } = useAddressedRegistry()
  const search = useSearch({ from: route })
  const { show = 'tags', filter = '' } = search
  const order: ListOrder = search.order ?? 'newest'
  const query = useRepository(loginServer, repository)
  const readAgain = useReadAgain()
  const content = { loginServer, repository, order, filter }
  return (
    <Page title={repository} parents={[<RepositoriesLink key="repositories" />]}>
      <Loaded query={query}>
        {({ properties, access }) => (
          <>
            <Facts
              facts={[
                [view.tagCount, properties.tagCount.toLocaleString('en')],
                [view.manifestCount, properties.manifestCount.toLocaleString('en')],
                [words.created, formatTime(properties.createdTime)],
                [words.lastChanged, formatTime(properties.lastUpdateTime)],
                ...(isLocked(properties.changeableAttributes)
                  ? [[words.locked, <Badge key="locked">{words.locked}</Badge>] as const]
                  : []),
              ]}
            />
            <RepositoryActions
              loginServer={loginServer}
              properties={properties}
              access={access}
              onChanged={() => void readAgain(['repository', loginServer, repository])}
            />
            {show === 'tags' && <Pull loginServer={loginServer} repository={repository} order={order} />}
            {show === 'tags' && access.has('push') && (
              <CommandLine
                label={texts.repositoryView.push}
                text={pushCommand('docker', loginServer, `${repository}:1`)}
              />
            )}
          </>
        )}
      </Loaded>
      {query.isSuccess && (
        <>
          <Tools repository={repository} search={search} />
          {show === 'tags' ? <TagTable key={order} {...content} /> : <ManifestTable key={order} {...content} />}
          <CommandLine
            text={`acrux acr repository show-${show} --name ${name} --repository ${repository} --detail`}
            more={[
              {
                label: view.deleteAction,
                text: `acrux acr repository delete --name ${name} --repository ${repository}`,
              },
            ]}
          />
        </>
      )}
    </Page>
  )
}

type PullProps = { readonly loginServer: string; readonly repository: string; readonly order: ListOrder }

/** The command that pulls the first tag of the list. */
function Pull({ loginServer, repository, order }: PullProps) {
  const tags = useTags(loginServer, repository, order)
  const tag = tags.data?.pages[0]?.items[0]?.name ?? 'TAG'
  return <CommandLine label={texts.repositoryView.pull} text={`docker pull ${loginServer}/${repository}:${tag}`} />
}

type ToolsProps = { readonly repository: string; readonly search: RepositorySearch }

function Tools({ repository, search }: ToolsProps) {
  const { name: registry } = useAddressedRegistry()
  const styles = useStyles()
  const navigate = useNavigate()
  const change = (changed: { readonly [Name in keyof RepositorySearch]: string }) =>
    void navigate({
      to: '/r/$registry/repositories/$repository',
      params: { registry, repository },
      search: parseRepositorySearch({ ...search, ...changed }),
      replace: true,
    })
  const order: ListOrder = search.order ?? 'newest'
  return (
    <>
      <Tabs
        tabs={{ tags: view.tags, manifests: view.manifests }}
        selected={search.show ?? 'tags'}
        onSelect={(show) => change({ show, filter: '' })}
      />
      <div className={styles.tools}>
        <ListFilter label={words.filter} filter={search.filter ?? ''} onFilter={(text) => change({ filter: text })} />
        <Field label={imagesTexts.sort}>
          <Select value={order} onChange={(_event, { value }) => change({ order: value })}>
            <option value="newest">{imagesTexts.newest}</option>
            <option value="oldest">{imagesTexts.oldest}</option>
            <option value="name">{imagesTexts.byName}</option>
          </Select>
        </Field>
      </div>
    </>
  )
}
