import { Text } from '@fluentui/react-components'
import { useParams } from '@tanstack/react-router'
import type { Registry, RegistryUsages } from '../../api/types.ts'
import { CopyText } from '../../shell/copy-text.tsx'
import { type Fact, Facts } from '../../shell/facts.tsx'
import { formatBytes, formatTime } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { texts } from '../../texts.ts'
import { CopyLogin } from './copy-login.tsx'
import { signInCommands } from './sign-in-commands.ts'
import { useRegistry, useRegistryName } from './use-registry.ts'

const view = texts.registryView

/** The overview of one registry. */
export function RegistryOverview() {
  const { registry: loginServer } = useParams({ from: '/shell/registries/$registry' })
  const { registries, registry, usages } = useRegistry(loginServer)
  const name = useRegistryName(loginServer)
  return (
    <Page title={loginServer}>
      <Section title={view.signIn}>
        <CopyLogin loginServer={loginServer} />
        {signInCommands(loginServer, name).map(({ program, command }) => (
          <CopyText key={program} label={program} text={command} />
        ))}
      </Section>
      <Section title={view.properties}>
        <Loaded query={registries}>
          {() => (registry === undefined ? <Text>{view.noDetails}</Text> : <Facts facts={factsOf(registry)} />)}
        </Loaded>
      </Section>
      {registry !== undefined && (
        <>
          <Section title={view.usage}>
            <Loaded query={usages}>{(found) => <Facts facts={usageFacts(found)} />}</Loaded>
          </Section>
          <Section title={texts.commandLine}>
            <CopyText label={texts.commandLine} text={`acrux acr show --name ${registry.name}`} />
          </Section>
        </>
      )}
    </Page>
  )
}

const onOff = (isOn: boolean) => (isOn ? view.on : view.off)

function factsOf({ name, location, sku, properties }: Registry): readonly Fact[] {
  return [
    [texts.repositoriesView.name, name],
    [texts.homeView.loginServer, properties.loginServer],
    [view.created, formatTime(properties.creationDate)],
    [view.location, location],
    [view.sku, sku.name],
    [view.adminAccount, onOff(properties.adminUserEnabled)],
    [view.anonymousPull, onOff(properties.anonymousPullEnabled)],
    [view.mode, view.modes[properties.roleAssignmentMode]],
    [view.network, onOff(properties.publicNetworkAccess === 'Enabled')],
    [view.compatibility, properties.compatibility],
  ]
}

function usageFacts({ value }: RegistryUsages): readonly Fact[] {
  return value.map(({ name, currentValue, limit, unit }) => {
    const show = (amount: number) => (unit === 'Bytes' ? formatBytes(amount) : amount.toLocaleString('en'))
    return [name, limit > 0 ? `${show(currentValue)} ${view.of} ${show(limit)}` : show(currentValue)]
  })
}
