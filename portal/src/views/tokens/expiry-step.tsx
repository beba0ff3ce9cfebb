import { patternText } from '@acrux/shared/permissions/repository-pattern.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { useMutation } from '@tanstack/react-query'
import type { Registry } from '../../api/registry-document.ts'
import { generatePasswords, putScopeMap, putToken } from '../../api/tokens.ts'
import type { GeneratedCredentials } from '../../api/types.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { readPatterns } from '../access-control/plan-assignments.ts'
import { ExpiryField } from './expiry-field.tsx'
import { ownScopeMap, type RightsChoice, actionsOf, expiryOf } from './new-token.ts'
import { type TokenData } from './token-rows.ts'

const texts = rightsTexts.token

/** A token that is created. */
type NewToken = { readonly name: string; readonly choice: RightsChoice; readonly days: number }

type ExpiryStepProps = {
  readonly registry: Registry
  readonly data: TokenData
  readonly token: NewToken
  readonly onDays: (days: number) => void
  readonly onMade: (made: GeneratedCredentials) => void
}

/** Selects how long the password is valid, shows what will be created, and creates it. */
export function ExpiryStep({ registry, data, token, onDays, onMade }: ExpiryStepProps) {
  const { name, choice, days } = token
  const isFresh = choice.kind === 'fresh'
  const scopeMap = isFresh ? ownScopeMap(name) : choice.scopeMap
  const known = data.scopeMaps.find((map) => map.name === choice.scopeMap)
  const actions = isFresh ? actionsOf(choice) : known?.properties.actions
  const create = useMutation({
    mutationFn: async () => {
      if (isFresh) await putScopeMap(registry.id, scopeMap, { actions: actions ?? [] })
      await putToken(registry.id, name, scopeMap)
      return generatePasswords(registry.id, name, { name: 'password1', ...expiryOf(days) })
    },
    onSuccess: onMade,
    gcTime: 0,
  })
  return (
    <>
      <ExpiryField days={days} onChange={onDays} />
      <Facts
        facts={[
          [words.name, name],
          [words.scopeMap, scopeMap],
          [texts.actions, (actions ?? []).join(', ')],
        ]}
      />
      <div>
        <ActionButton appearance="primary" disabled={create.isPending} onClick={() => create.mutate()}>
          {texts.create}
        </ActionButton>
      </div>
      {create.isError && <ErrorView isAct error={create.error} />}
      <CommandLine text={commandOf(registry.name, token)} />
    </>
  )
}

function commandOf(registry: string, { name, choice, days }: NewToken): string {
  const { patterns } = readPatterns(choice.patterns)
  const what =
    choice.kind === 'existing'
      ? [`--scope-map ${shellWord(choice.scopeMap)}`]
      : patterns.map((each) => `--repository ${shellWord(patternText(each))} ${choice.rights.join(' ')}`)
  const expiry = days === 0 ? [] : [`--expiration-in-days ${days}`]
  return ['acrux acr token create', `--name ${name} --registry ${registry}`, ...what, ...expiry].join(' ')
}
