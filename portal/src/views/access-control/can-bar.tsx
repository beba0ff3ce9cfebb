import { Badge, Button, Input, Select, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { explainAccess } from '../../api/access.ts'
import { useRead } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { type AccessSearch, isOfRegistry, isPrincipal, questionActions } from './access-search.ts'
import { findPrincipals } from './find-principals.ts'
import { usePrincipalName } from './use-access.ts'

const texts = rightsTexts.can

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalSNudge} ${tokens.spacingHorizontalM}`,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusXLarge,
    backgroundColor: tokens.colorNeutralBackground2,
  },
  field: { flexGrow: 1, flexBasis: '10rem', minWidth: '8rem', maxWidth: '16rem' },
  select: { minWidth: 0, maxWidth: '100%' },
  answer: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS },
})

/** A question about access: who, what and where. */
type Question = Pick<AccessSearch, 'principal' | 'action' | 'repository'>

type CanBarProps = {
  readonly registry: Registry
  readonly search: AccessSearch
  readonly onAsk: (question: Question) => void
}

/** Asks whether someone may do something, and answers in a word. The question is in the address. */
export function CanBar({ registry, search, onAsk }: CanBarProps) {
  const styles = useStyles()
  const name = usePrincipalName(search.principal ?? '')
  const [typed, setTyped] = useState<string>()
  const who = typed ?? name ?? search.principal ?? ''
  const [action, setAction] = useState(search.action ?? 'pull')
  const [repository, setRepository] = useState(search.repository ?? '')
  const needsRepository = !isOfRegistry(action)
  const ask = useMutation({
    mutationFn: async () => {
      const text = typed === undefined ? (search.principal ?? '') : typed.trim()
      const ids = isPrincipal(text) ? [text] : (await findPrincipals(text)).map(({ id }) => id)
      const [principal] = ids
      if (principal !== undefined && ids.length === 1)
        onAsk({ principal, action, ...(needsRepository && { repository: repository.trim() }) })
      return ids.length
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (who.trim() !== '' && (!needsRepository || repository.trim() !== '')) ask.mutate()
  }
  return (
    <form className={styles.bar} onSubmit={submit} aria-label={texts.title}>
      <Text weight="semibold">{texts.can}</Text>
      <Input
        className={styles.field}
        aria-label={rightsTexts.check.who}
        placeholder={rightsTexts.access.principal}
        spellCheck={false}
        value={who}
        onChange={(_event, { value }) => setTyped(value)}
      />
      <Select
        className={styles.select}
        aria-label={words.action}
        value={action}
        onChange={(_event, { value }) => setAction(value)}
      >
        {questionActions.map((each) => (
          <option key={each} value={each}>
            {rightsTexts.check.actions[each]}
          </option>
        ))}
      </Select>
      {needsRepository && (
        <Input
          className={styles.field}
          aria-label={words.repository}
          placeholder="team/app"
          spellCheck={false}
          value={repository}
          onChange={(_event, { value }) => setRepository(value)}
        />
      )}
      <Button type="submit">{rightsTexts.check.ask}</Button>
      <span className={styles.answer} role="status">
        {ask.data === 0 && <Text>{rightsTexts.check.notFound}</Text>}
        {ask.data !== undefined && ask.data > 1 && <Text>{texts.several}</Text>}
        {search.principal !== undefined && search.action !== undefined && (
          <Answer registry={registry} search={search} />
        )}
      </span>
      {ask.isError && <ErrorView error={ask.error} />}
    </form>
  )
}

function Answer({ registry, search }: Omit<CanBarProps, 'onAsk'>) {
  const { principal = '', action = '', repository } = search
  const query = useRead(['allowed-question', registry.id, principal, action, repository], (signal) =>
    explainAccess(registry.id, principal, { action, repository }, signal),
  )
  if (query.isError) return <ErrorView error={query.error} onRetry={() => void query.refetch()} />
  if (query.data === undefined) return null
  const { allowed } = query.data
  return (
    <>
      <Badge appearance="tint" size="large" color={allowed ? 'success' : 'danger'}>
        {allowed ? rightsTexts.check.allowed : rightsTexts.check.denied}
      </Badge>
      <AppLink
        to="/r/$registry/access"
        params={{ registry: registry.name }}
        search={{ tab: 'check', principal, action, ...(repository !== undefined && { repository }) }}
      >
        {allowed ? texts.whyAllowed : texts.why}
      </AppLink>
    </>
  )
}
