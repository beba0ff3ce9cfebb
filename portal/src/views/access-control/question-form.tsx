import { Button, Field, Input, Select, makeStyles, tokens } from '@fluentui/react-components'
import { type FormEvent, type ReactNode, useState } from 'react'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { type AccessSearch, isOfRegistry, questionActions } from './access-search.ts'

const texts = rightsTexts.check

const useStyles = makeStyles({
  form: { display: 'grid', rowGap: tokens.spacingVerticalM, justifyItems: 'start' },
  fields: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-start', gap: tokens.spacingHorizontalM },
})

type QuestionFormProps = {
  readonly search: AccessSearch
  readonly submit: string
  readonly onAsk: (question: { readonly action: string; readonly repository?: string }) => void
  /** Fields before those of the question. */
  readonly children?: ReactNode
}

/** Asks for an action and a repository. */
export function QuestionForm({ search, submit, onAsk, children }: QuestionFormProps) {
  const styles = useStyles()
  const [action, setAction] = useState(search.action ?? 'pull')
  const [repository, setRepository] = useState(search.repository ?? '')
  const needsRepository = !isOfRegistry(action)
  const ask = (event: FormEvent) => {
    event.preventDefault()
    const name = repository.trim()
    if (needsRepository && name === '') return
    onAsk({ action, ...(needsRepository && { repository: name }) })
  }
  return (
    <form className={styles.form} onSubmit={ask}>
      <div className={styles.fields}>
        {children}
        <Field label={words.action}>
          <Select value={action} onChange={(_event, { value }) => setAction(value)}>
            {questionActions.map((each) => (
              <option key={each} value={each}>
                {texts.actions[each]}
              </option>
            ))}
          </Select>
        </Field>
        {needsRepository && (
          <Field label={words.repository} required>
            <Input
              value={repository}
              placeholder="team/app"
              spellCheck={false}
              onChange={(_event, { value }) => setRepository(value)}
            />
          </Field>
        )}
      </div>
      <Button type="submit" appearance="primary">
        {submit}
      </Button>
    </form>
  )
}
