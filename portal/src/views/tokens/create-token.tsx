import { Button } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { GeneratedCredentials } from '../../api/types.ts'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { Steps } from '../../components/elements/steps.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { WithRegistry } from '../../components/registries/with-registry.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { ExpiryStep } from './expiry-step.tsx'
import { NameStep } from './name-step.tsx'
import { NewPassword } from './new-password.tsx'
import { nameFault, type RightsChoice, actionsOf, defaultDays } from './new-token.ts'
import { RightsStep } from './rights-step.tsx'
import { type TokenData } from './token-rows.ts'
import { tokensKey, useTokens } from './use-tokens.ts'

const texts = rightsTexts.token

/** Creates a scoped token, step by step. */
export function CreateToken() {
  const { loginServer } = useAddressedRegistry()
  return (
    <Page title={texts.create}>
      <WithRegistry loginServer={loginServer}>{(registry) => <Wizard registry={registry} />}</WithRegistry>
    </Page>
  )
}

function Wizard({ registry }: { readonly registry: Registry }) {
  const query = useTokens(registry.id)
  return <Loaded query={query}>{(data) => <WizardSteps registry={registry} data={data} />}</Loaded>
}

function WizardSteps({ registry, data }: { readonly registry: Registry; readonly data: TokenData }) {
  const navigate = useNavigate()
  const readAgain = useReadAgain()
  const [name, setName] = useState('')
  const [choice, setChoice] = useState<RightsChoice>({
    kind: 'fresh',
    scopeMap: '',
    patterns: '',
    rights: ['content/read'],
  })
  const [days, setDays] = useState(defaultDays)
  const [made, setMade] = useState<GeneratedCredentials>()
  const { loginServer } = registry.properties
  const leave = async () => {
    await readAgain(tokensKey(registry.id))
    await navigate({ to: '/r/$registry/tokens', params: { registry: registry.name } })
  }
  const [password] = made?.passwords ?? []
  if (made !== undefined && password !== undefined) {
    return (
      <Section title={texts.steps.made} takesFocus>
        <NewPassword loginServer={loginServer} token={made.username} password={password.value} />
        <div>
          <Button appearance="primary" onClick={() => void leave()}>
            {texts.copied}
          </Button>
        </div>
      </Section>
    )
  }
  return (
    <Steps
      onLeave={() => void leave()}
      steps={[
        {
          title: texts.steps.name,
          isReady: name !== '' && nameFault(name, data, registry.name) === undefined,
          content: <NameStep name={name} fault={nameFault(name, data, registry.name)} onChange={setName} />,
        },
        {
          title: texts.steps.rights,
          isReady: choice.kind === 'existing' ? choice.scopeMap !== '' : actionsOf(choice) !== undefined,
          content: <RightsStep data={data} choice={choice} onChange={setChoice} />,
        },
        {
          title: texts.steps.expiry,
          content: (
            <ExpiryStep
              registry={registry}
              data={data}
              token={{ name, choice, days }}
              onDays={setDays}
              onMade={setMade}
            />
          ),
        },
      ]}
    />
  )
}
