import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { Field, Input, Radio, RadioGroup, Text } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { explainAccess } from '../../api/access.ts'
import { namePrincipals } from '../../api/principals.ts'
import { useRead } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { type AccessSearch, isPrincipal } from './access-search.ts'
import { Explanation } from './explanation.tsx'
import { findPrincipals } from './find-principals.ts'
import { titleOf } from './principal-picker.tsx'
import { QuestionForm } from './question-form.tsx'

const texts = rightsTexts.check

type CheckAccessProps = {
  readonly registry: Registry
  readonly search: AccessSearch
  readonly go: (search: AccessSearch) => void
}

type Question = { readonly action: string; readonly repository?: string }

/** Whether someone may do something, and why. */
export function CheckAccess({ registry, search, go }: CheckAccessProps) {
  const [who, setWho] = useState(search.principal ?? '')
  const [asked, setAsked] = useState<Question>()
  const resolve = useMutation({
    mutationFn: async (question: Question) => {
      setAsked(question)
      const text = who.trim()
      if (isPrincipal(text)) return go({ tab: 'check', principal: text, ...question })
      const candidates = await findPrincipals(text)
      const [only] = candidates
      if (only !== undefined && candidates.length === 1) go({ tab: 'check', principal: only.id, ...question })
      return candidates
    },
  })
  const candidates = resolve.data ?? []
  return (
    <Section title={rightsTexts.access.tabs.check}>
      <Text>{texts.about}</Text>
      <QuestionForm
        search={search}
        submit={texts.ask}
        onAsk={(question) => who.trim() !== '' && resolve.mutate(question)}
      >
        <Field label={texts.who} hint={texts.whoHint} required>
          <Input value={who} spellCheck={false} onChange={(_event, { value }) => setWho(value)} />
        </Field>
      </QuestionForm>
      {resolve.isError && <ErrorView error={resolve.error} />}
      {resolve.isSuccess && resolve.data?.length === 0 && <Text role="alert">{texts.notFound}</Text>}
      {candidates.length > 1 && (
        <Field label={texts.several}>
          <RadioGroup
            value={search.principal ?? ''}
            onChange={(_event, { value }) => go({ tab: 'check', principal: value, ...asked })}
          >
            {candidates.map((each) => (
              <Radio key={each.id} value={each.id} label={titleOf(each)} />
            ))}
          </RadioGroup>
        </Field>
      )}
      {search.principal !== undefined && search.action !== undefined && (
        <Answer
          registry={registry}
          principal={search.principal}
          action={search.action}
          repository={search.repository}
        />
      )}
    </Section>
  )
}

type AnswerProps = {
  readonly registry: Registry
  readonly principal: string
  readonly action: string
  readonly repository: string | undefined
}

function Answer({ registry, principal, action, repository }: AnswerProps) {
  const query = useRead(['explanation', registry.id, principal, action, repository], async (signal) => {
    const explanation = await explainAccess(registry.id, principal, { action, repository }, signal)
    const ids = [principal, ...explanation.assignments.map(({ principalId }) => principalId)]
    const names = await namePrincipals(ids.filter(isGuid), signal)
    return { explanation, names }
  })
  const words = ['acrux acr can', shellWord(principal), action, ...(repository === undefined ? [] : [repository])]
  return (
    <>
      <Loaded query={query}>
        {({ explanation, names }) => (
          <Explanation registry={registry} explanation={explanation} names={names} onChanged={() => query.refetch()} />
        )}
      </Loaded>
      <CommandLine text={`${words.join(' ')} -n ${registry.name}`} />
    </>
  )
}
