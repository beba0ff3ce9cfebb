import { Text } from '@fluentui/react-components'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Registry } from '../../api/registry-document.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { useRegistry } from '../../components/registries/use-registry.ts'
import { formatTime } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { Activity } from './activity.tsx'
import { Capacity } from './capacity.tsx'
import { SignIn } from './sign-in.tsx'

const view = texts.registryView
const own = imagesTexts.registry
const route = '/shell/r/$registry'

/** The overview of one registry. */
export function RegistryOverview() {
  const { name, loginServer } = useAddressedRegistry()
  const { range = 'week' } = useSearch({ from: route })
  const navigate = useNavigate()
  const { registries, registry } = useRegistry(loginServer)
  return (
    <Page title={name}>
      <SignIn />
      {registry !== undefined && (
        <>
          <Activity
            registry={registry}
            range={range}
            onRange={(chosen) =>
              void navigate({
                to: '/r/$registry',
                params: { registry: name },
                search: { range: chosen },
                replace: true,
                resetScroll: false,
              })
            }
          />
          <Capacity registry={registry} />
        </>
      )}
      <Section title={view.properties}>
        <Loaded query={registries}>
          {() => (registry === undefined ? <Text>{view.noDetails}</Text> : <Facts facts={factsOf(registry)} />)}
        </Loaded>
      </Section>
      {registry !== undefined && (
        <CommandLine
          text={`acrux acr show --name ${registry.name}`}
          more={[{ label: view.usage, text: `az acr show-usage --name ${registry.name} -o table` }]}
        />
      )}
    </Page>
  )
}

const onOff = (isOn: boolean) => (isOn ? words.on : words.off)

function factsOf({ name, location, sku, properties }: Registry): readonly Fact[] {
  const { softDeletePolicy, retentionPolicy } = properties.policies
  return [
    [words.name, name],
    [texts.homeView.loginServer, properties.loginServer],
    [words.created, formatTime(properties.creationDate)],
    [view.location, location],
    [view.sku, sku.name],
    [view.adminAccount, onOff(properties.adminUserEnabled)],
    [view.anonymousPull, onOff(properties.anonymousPullEnabled)],
    [view.mode, view.modes[properties.roleAssignmentMode]],
    [view.network, onOff(properties.publicNetworkAccess === 'Enabled')],
    [own.softDelete, softDeletePolicy.status === 'enabled' ? own.forDays(softDeletePolicy.retentionDays) : words.off],
    [own.retention, retentionPolicy.status === 'enabled' ? own.afterDays(retentionPolicy.days) : words.off],
    [view.compatibility, own.compatibilities[properties.acrux.compatibility]],
  ]
}
