import { Text } from '@fluentui/react-components'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Name } from '../../components/elements/name.tsx'
import { Page } from '../../components/elements/page.tsx'
import { Tabs } from '../../components/elements/tabs.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { pullCommand } from '../../components/registries/pull-commands.ts'
import { RepositoriesLink } from '../../components/registries/repositories-link.tsx'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { texts } from '../../components/texts/texts.ts'
import { pushCommand } from '../registry/sign-in-commands.ts'
import { Images } from './images.tsx'
import { PullMenu } from './pull-menu.tsx'
import { RepositoryAccess } from './repository-access.tsx'
import { RepositoryFacts } from './repository-facts.tsx'
import { type RepositorySearch, type RepositoryTab, parseRepositorySearch } from './repository-search.ts'
import { RepositorySettings } from './repository-settings.tsx'
import { History } from './tag-history.tsx'
import { Tags } from './tags.tsx'
import { type RepositoryPlace, useFirstImage, useRepository } from './use-repository.ts'

const view = repositoryTexts
const route = '/shell/r/$registry/repositories/$repository'

/** One repository: its images or tags, the history of its tags, who has access, and its settings. */
export function Repository() {
  const { repository } = useParams({ from: route })
  const { name, loginServer } = useAddressedRegistry()
  const search = useSearch({ from: route })
  const place = { loginServer, repository }
  const query = useRepository(place)
  const { tab = 'images', show = 'images' } = search
  const { properties, access } = query.data ?? {}
  return (
    <Page
      title={repository}
      parents={[<RepositoriesLink key="repositories" />]}
      beside={
        properties?.description !== undefined && (
          <Text>
            <Name>{properties.description}</Name>
          </Text>
        )
      }
      actions={query.isSuccess && <Pull place={place} search={search} />}
      facts={
        properties &&
        access && <RepositoryFacts place={place} properties={properties} access={access} isFirst={tab === 'images'} />
      }
    >
      <Loaded query={query}>
        {({ properties: found, access: may }) => (
          <>
            <Parts place={place} tab={tab} />
            {tab === 'images' && show === 'images' && (
              <Images place={place} search={search} access={may} tagCount={found.tagCount} />
            )}
            {tab === 'images' && show === 'tags' && (
              <Tags place={place} search={search} access={may} tagCount={found.tagCount} />
            )}
            {tab === 'history' && <History place={place} access={may} tag={search.tag} />}
            {tab === 'access' && <RepositoryAccess repository={repository} access={may} />}
            {tab === 'settings' && <RepositorySettings loginServer={loginServer} properties={found} access={may} />}
            {tab === 'images' && (
              <CommandLine
                text={`acrux acr repository show-${show === 'tags' ? 'tags' : 'manifests'} --name ${name} --repository ${repository} --detail`}
                more={
                  may.has('push')
                    ? [
                        {
                          label: texts.repositoryView.push,
                          text: pushCommand('docker', loginServer, `${repository}:1`),
                        },
                      ]
                    : []
                }
              />
            )}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Parts({ place: { repository }, tab }: { readonly place: RepositoryPlace; readonly tab: RepositoryTab }) {
  const { name: registry } = useAddressedRegistry()
  const navigate = useNavigate()
  return (
    <Tabs
      size="small"
      tabs={view.tabs}
      selected={tab}
      onSelect={(next) =>
        void navigate({
          to: '/r/$registry/repositories/$repository',
          params: { registry, repository },
          search: parseRepositorySearch({ tab: next }),
        })
      }
    />
  )
}

type PullProps = { readonly place: RepositoryPlace; readonly search: RepositorySearch }

/** The commands that pull the first image of the list, which is usually the newest one. */
function Pull({ place, search }: PullProps) {
  const first = useFirstImage(place, search)
  if (first === undefined) return null
  const { tag, digest, isChart } = first
  return (
    <>
      <PullMenu repository={place.repository} tag={tag} digest={digest} usual={isChart ? 'helm' : 'docker'} />
      <CommandLine
        label={texts.repositoryView.pull}
        text={pullCommand('docker', place.loginServer, place.repository, tag ?? digest)}
      />
    </>
  )
}
