import { Field, Radio, RadioGroup, Select, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { changeRegistry } from '../../api/access.ts'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { setAnonymousAccess } from '../../api/tokens.ts'
import type { ScopeMap } from '../../api/types.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { useAnonymousAccess } from './use-tokens.ts'

const texts = rightsTexts.token.anonymous
const writeAction = 'Microsoft.ContainerRegistry/registries/write'

type Kind = 'none' | 'some' | 'all'

/** Whether people and programs may pull without signing in. */
export function Anonymous({ registry }: { readonly registry: Registry }) {
  const access = useAnonymousAccess(registry.id)
  return (
    <Section title={rightsTexts.token.tabs.anonymous}>
      <Text>{texts.about}</Text>
      <Loaded query={access}>
        {({ scopeMaps, scopeMap }) => <AnonymousForm registry={registry} scopeMaps={scopeMaps} scopeMap={scopeMap} />}
      </Loaded>
      <CommandLine text={`acrux acr grant anonymous pull 'public/*' --name ${registry.name}`} />
    </Section>
  )
}

type AnonymousFormProps = {
  readonly registry: Registry
  readonly scopeMaps: readonly ScopeMap[]
  readonly scopeMap: string | undefined
}

function AnonymousForm({ registry, scopeMaps, scopeMap }: AnonymousFormProps) {
  const present = registry.properties.anonymousPullEnabled ? 'all' : scopeMap === undefined ? 'none' : 'some'
  const [kind, setKind] = useState<Kind>(present)
  const [name, setName] = useState(scopeMap ?? scopeMaps[0]?.name ?? '')
  const [isAsked, setAsked] = useState(false)
  const [done, setDone] = useState<string>()
  const readAgain = useReadAgain()
  const lacks = useLacks(registry.id)(writeAction)
  const isSame = kind === present && (kind !== 'some' || name === scopeMap)
  const save = async () => {
    // First what closes, then what opens: a failure in between leaves less access than wanted, not more.
    if (kind !== 'all' && present === 'all') await changeRegistry(registry.id, { anonymousPullEnabled: false })
    if (kind !== 'some' && scopeMap !== undefined) await setAnonymousAccess(registry.id, undefined)
    if (kind === 'some') await setAnonymousAccess(registry.id, name)
    if (kind === 'all') await changeRegistry(registry.id, { anonymousPullEnabled: true })
    await readAgain(['registries'], ['anonymous-access', registry.id])
    setDone(texts.saved)
  }
  return (
    <>
      <DoneMessage text={done} />
      <Field label={texts.now}>
        <RadioGroup value={kind} onChange={(_event, { value }) => setKind(value as Kind)}>
          <Radio value="none" label={texts.none} />
          <Radio value="some" label={texts.some} />
          <Radio value="all" label={texts.all} />
        </RadioGroup>
      </Field>
      {kind === 'some' && (
        <Field label={words.scopeMap}>
          <Select value={name} onChange={(_event, { value }) => setName(value)}>
            {scopeMaps.map((each) => (
              <option key={each.id} value={each.name}>
                {each.name}
              </option>
            ))}
          </Select>
        </Field>
      )}
      <div>
        <ActionButton
          appearance="primary"
          reason={lacks ?? (isSame ? texts.same : undefined)}
          onClick={() => setAsked(true)}
        >
          {words.save}
        </ActionButton>
      </div>
      {lacks !== undefined && <Text>{lacks}</Text>}
      {isAsked && (
        <ConfirmDialog title={texts.title} confirm={words.save} onClose={() => setAsked(false)} onConfirm={save}>
          <Text>{kind === 'none' ? texts.closes : texts.opens}</Text>
        </ConfirmDialog>
      )}
    </>
  )
}
