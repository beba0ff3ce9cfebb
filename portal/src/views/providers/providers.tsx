import { Text } from '@fluentui/react-components'
import { listProviders } from '../../api/directory.ts'
import type { GraphIdentityProvider } from '../../api/graph-types.ts'
import { useRead } from '../../api/queries.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'

const view = identitiesTexts.providersView

const example = `identityProviders:
  - name: contoso
    displayName: Contoso
    issuer: https://id.contoso.example/realms/main
    clientId: acrux
    clientSecretFile: /etc/acrux/contoso.secret`

/** The providers of organisations at which people sign in. */
export function Providers() {
  const query = useRead(['providers'], (signal) => listProviders(signal))
  return (
    <Page title={identitiesTexts.providers}>
      <Loaded query={query}>
        {(providers) =>
          providers.length === 0 ? (
            <Section title={view.check}>
              <Text>
                {view.empty} {view.next}
              </Text>
              <CopyText label="identityProviders" text={example} />
            </Section>
          ) : (
            providers.map((provider) => (
              <Section key={provider.id} title={provider.displayName}>
                <Facts facts={factsOf(provider)} />
              </Section>
            ))
          )
        }
      </Loaded>
      <CommandLine
        text={`az rest --url ${location.origin}/graph/v1.0/identity/identityProviders --resource ${location.origin}/graph`}
      />
    </Page>
  )
}

function factsOf(provider: GraphIdentityProvider): readonly Fact[] {
  const { id, identityProviderType, issuer, clientId, callbackUrl, allowedTenants, requiredGroup } = provider
  return [
    [words.name, id],
    [words.kind, view.kinds[identityProviderType]],
    [words.issuer, issuer],
    [words.clientId, clientId],
    [view.callback, <CopyText key="callback" label={view.callback} text={callbackUrl} />],
    ...(allowedTenants.length === 0 ? [] : [[view.tenants, allowedTenants.join(', ')] as const]),
    [view.group, requiredGroup ?? texts.none],
    [view.creates, provider.createsUsers ? words.yes : words.no],
    [view.hours, view.hoursValue(provider.signInHours)],
  ]
}
