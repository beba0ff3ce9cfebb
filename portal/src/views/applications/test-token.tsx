import { Field, MessageBar, MessageBarBody, Text, Textarea, makeStyles, tokens } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { testToken } from '../../api/applications.ts'
import type { GraphWorkloadTokenTest } from '../../api/graph-types.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { Table } from '../../components/table/table.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Section } from '../../components/elements/page.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'

const view = identitiesTexts.test

const useStyles = makeStyles({
  form: { display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', rowGap: tokens.spacingVerticalM },
})

type TestTokenProps = { readonly id: string; readonly reason: string | undefined }

/** Tests a pasted token of a job. */
export function TestToken({ id, reason }: TestTokenProps) {
  const styles = useStyles()
  const [token, setToken] = useState('')
  const test = useMutation({ mutationFn: () => testToken(id, token) })
  const run = () => {
    if (reason === undefined && token.trim() !== '') test.mutate()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    run()
  }
  return (
    <Section title={view.title}>
      <form className={styles.form} onSubmit={submit}>
        <Field label={view.token} hint={view.hint}>
          <Textarea
            rows={4}
            value={token}
            onChange={(_event, { value }) => setToken(value)}
            spellCheck={false}
            autoComplete="off"
          />
        </Field>
        <ActionBar actions={[{ label: view.run, reason, act: run }]} />
      </form>
      <div className={styles.form} aria-live="polite">
        {test.isError && <ErrorView isAct error={test.error} />}
        {test.isSuccess && <Result result={test.data} />}
      </div>
    </Section>
  )
}

function Result({ result }: { readonly result: GraphWorkloadTokenTest }) {
  const { outcome, issuer, subject, audiences, credentials } = result
  return (
    <>
      <MessageBar intent={outcome === 'matched' ? 'success' : 'warning'} layout="multiline">
        <MessageBarBody>{view.outcomes[outcome]}</MessageBarBody>
      </MessageBar>
      <Facts
        facts={[
          [words.issuer, issuer],
          [words.subject, subject],
          [words.audience, audiences.join(', ')],
        ]}
      />
      {credentials.map(({ id, name, isMatch, differences }) =>
        isMatch ? (
          <Text key={id}>{view.matches(name)}</Text>
        ) : (
          <div key={id}>
            <Text>{view.differs(name)}</Text>
            <Table
              isWrapped
              label={view.differs(name)}
              rows={differences}
              keyOf={({ claim }) => claim}
              columns={[
                { title: view.claim, cell: ({ claim }) => <code>{claim}</code> },
                { title: view.expected, cell: ({ expected }) => expected },
                { title: view.actual, cell: ({ actual }) => actual ?? view.missing },
              ]}
            />
          </div>
        ),
      )}
    </>
  )
}
