import { Text } from '@fluentui/react-components'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Page } from '../../components/elements/page.tsx'
import { Tabs } from '../../components/elements/tabs.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { IdentityList } from './identity-list.tsx'
import { MachineList } from './machine-list.tsx'

const view = identitiesTexts.managedView

const parts = { identities: view.identities, machines: view.machines }
const commands = {
  identities: 'az identity list',
  machines: 'az resource list --resource-type Microsoft.HybridCompute/machines',
}

/** The managed identities and machines: programs on own machines, which have no credential of their own. */
export function ManagedIdentities() {
  const { part = 'identities' } = useSearch({ from: '/shell/managed-identities' })
  const navigate = useNavigate({ from: '/managed-identities' })
  return (
    <Page title={identitiesTexts.managed}>
      <Text>{view.hint}</Text>
      <Tabs
        tabs={parts}
        selected={part}
        onSelect={(name) => void navigate({ search: name === 'identities' ? {} : { part: name } })}
      />
      {part === 'identities' ? <IdentityList /> : <MachineList />}
      <CommandLine text={`${commands[part]} --output table`} />
    </Page>
  )
}
