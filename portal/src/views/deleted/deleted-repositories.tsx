import { Text } from '@fluentui/react-components'
import { usePages } from '../../api/queries.ts'
import { listDeletedRepositories } from '../../api/registry.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Table } from '../../components/table/table.tsx'
import { Page } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { useRegistry } from '../../components/registries/use-registry.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { words } from '../../components/texts/words.ts'
import { RepositoriesLink } from '../../components/registries/repositories-link.tsx'
import { RepositoryTabs } from '../../components/registries/repository-tabs.tsx'

const view = imagesTexts.deleted

/** The repositories of a registry with deleted content that can be restored. */
export function DeletedRepositories() {
  const { name, loginServer } = useAddressedRegistry()
  const query = usePages(['deleted', loginServer], (after, signal) =>
    listDeletedRepositories(loginServer, after, signal),
  )
  return (
    <Page title={view.title} parents={[<RepositoriesLink key="repositories" />]}>
      <RepositoryTabs selected="deleted" />
      <Policy loginServer={loginServer} />
      <Loaded query={query}>
        {({ pages }) => {
          const names = pages.flatMap(({ items }) => items)
          return (
            <Table
              isMain
              label={view.title}
              empty={view.empty}
              rows={names}
              keyOf={(repository) => repository}
              query={query}
              columns={[
                {
                  title: words.repository,
                  cell: (repository) => (
                    <AppLink to="/r/$registry/deleted/$repository" params={{ registry: name, repository }}>
                      {repository}
                    </AppLink>
                  ),
                },
              ]}
            />
          )
        }}
      </Loaded>
      <CommandLine text={`acrux acr repository list-deleted --name ${name}`} />
    </Page>
  )
}

/** How long deleted images are kept, if the person may see that. */
function Policy({ loginServer }: { readonly loginServer: string }) {
  const { registry } = useRegistry(loginServer)
  if (registry === undefined) return null
  const { status, retentionDays } = registry.properties.policies.softDeletePolicy
  if (status === 'enabled') return <Text>{view.days(retentionDays)}</Text>
  const command = `az acr config soft-delete update -r ${registry.name} --status enabled --days 7`
  return (
    <>
      <Text>{view.off}</Text>
      <CopyText label={view.off} text={command} />
    </>
  )
}
