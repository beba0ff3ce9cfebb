import { Text } from '@fluentui/react-components'
import { useSearch } from '@tanstack/react-router'
import type { Registry } from '../../api/registry-document.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import type { Command } from '../../components/elements/commands.ts'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { useRegistries } from '../../components/registries/use-registry.ts'
import { operationsTexts } from '../../components/texts/operations.ts'
import { NetworkRules } from './network-rules.tsx'
import { PolicyForm } from './policy-form.tsx'
import { Quotas } from './quotas.tsx'
import { useChange } from './use-policies.ts'

const view = operationsTexts.policies
const route = '/shell/r/$registry/policies'

/** The policies of a registry: what it keeps, which addresses may connect, and which tokens it accepts. */
export function PoliciesView() {
  const { loginServer } = useAddressedRegistry()
  const { address } = useSearch({ from: route })
  const registries = useRegistries()
  return (
    <Page title={view.title}>
      <Loaded query={registries}>
        {(found) => {
          const one = found.find(({ properties }) => properties.loginServer === loginServer)
          return one === undefined ? <Text>{view.noRegistry}</Text> : <Forms registry={one} address={address} />
        }}
      </Loaded>
    </Page>
  )
}

type FormsProps = { readonly registry: Registry; readonly address: string | undefined }

function Forms({ registry, address }: FormsProps) {
  const { reason } = useChange(registry)
  const { retentionPolicy, softDeletePolicy, azureADAuthenticationAsArmPolicy } = registry.properties.policies
  return (
    <>
      {reason !== undefined && <Text>{reason}</Text>}
      <NetworkRules registry={registry} address={address} />
      <Quotas registry={registry} />
      <PolicyForm
        registry={registry}
        title={view.retention}
        meaning={view.retentionOn}
        loses={(isOn) => (isOn ? view.retentionLoses : undefined)}
        status={retentionPolicy.status}
        days={{ value: retentionPolicy.days, hint: view.retentionHint, min: 0, max: 365 }}
        updated={retentionPolicy.lastUpdatedTime}
        changeOf={(status, days) => ({ retentionPolicy: { status, days } })}
      />
      <PolicyForm
        registry={registry}
        title={view.softDelete}
        meaning={view.softDeleteOn}
        loses={(isOn) => (isOn ? undefined : view.softDeleteLoses)}
        status={softDeletePolicy.status}
        days={{ value: softDeletePolicy.retentionDays, hint: view.softDeleteHint, min: 1, max: 90 }}
        updated={softDeletePolicy.lastUpdatedTime}
        changeOf={(status, retentionDays) => ({ softDeletePolicy: { status, retentionDays } })}
      />
      <PolicyForm
        registry={registry}
        title={view.arm}
        meaning={view.armOn}
        loses={(isOn) => (isOn ? undefined : view.armLoses)}
        status={azureADAuthenticationAsArmPolicy.status}
        changeOf={(status) => ({ azureADAuthenticationAsArmPolicy: { status } })}
      />
      {commands(registry).map(({ label, text }) => (
        <CommandLine key={text} label={label} text={text} />
      ))}
    </>
  )
}

function commands({ id, name }: Registry): readonly Command[] {
  const quota = `${id}/providers/Acrux.Server/quotas/all?api-version=2025-03-01-preview`
  return [
    { label: view.commands.address, text: `az acr network-rule add -n ${name} --ip-address 203.0.113.0/24` },
    { label: view.commands.deny, text: `az acr update -n ${name} --default-action Deny --public-network-enabled true` },
    {
      label: view.commands.retention,
      text: `az acr config retention update -r ${name} --status enabled --days 7 --type UntaggedManifests`,
    },
    { label: view.commands.softDelete, text: `az acr config soft-delete update -r ${name} --status enabled --days 7` },
    { label: view.commands.arm, text: `acrux acr config authentication-as-arm update -r ${name} --status disabled` },
    {
      label: view.commands.quota,
      text: `az rest --method put --url "${quota}" --body '{"properties": {"limitBytes": 107374182400}}'`,
    },
  ]
}
