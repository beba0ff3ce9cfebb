import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { RepositoryProperties } from '../../api/content-types.ts'
import { noteDone } from '../../api/done-note.ts'
import { changeDescription } from '../../api/registry-changes.ts'
import type { Access } from '../../api/registry.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { formatTime } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { RepositoryActions } from './repository-actions.tsx'
import { useReadRepositoryAgain } from './use-repository.ts'

const view = repositoryTexts.settings
const maxLength = 200

const useStyles = makeStyles({
  settings: {
    display: 'grid',
    rowGap: tokens.spacingVerticalXXL,
    gridTemplateColumns: 'minmax(0, 1fr)',
    maxWidth: '40rem',
    marginTop: tokens.spacingVerticalM,
  },
  form: { display: 'grid', rowGap: tokens.spacingVerticalM, gridTemplateColumns: 'minmax(0, 1fr)' },
  bar: { display: 'flex', gap: tokens.spacingHorizontalS },
})

type SettingsProps = {
  readonly loginServer: string
  readonly properties: RepositoryProperties
  readonly access: Access
}

/** The description of a repository, its locks, and its deletion. */
export function RepositorySettings({ loginServer, properties, access }: SettingsProps) {
  const styles = useStyles()
  const { name } = useAddressedRegistry()
  const { imageName: repository, createdTime, lastUpdateTime } = properties
  const readAgain = useReadRepositoryAgain({ loginServer, repository })
  return (
    <div className={styles.settings}>
      <Facts
        facts={[
          [words.created, formatTime(createdTime)],
          [words.lastChanged, formatTime(lastUpdateTime)],
        ]}
      />
      <Description
        key={properties.description ?? ''}
        loginServer={loginServer}
        properties={properties}
        access={access}
      />
      <Section title={view.locks}>
        <RepositoryActions
          loginServer={loginServer}
          properties={properties}
          access={access}
          onChanged={() => void readAgain()}
        />
      </Section>
      <div>
        <AppLink to="/r/$registry/deleted/$repository" params={{ registry: name, repository }}>
          {view.deleted}
        </AppLink>
      </div>
      <CommandLine
        text={`acrux acr repository show --name ${name} --repository ${repository}`}
        more={[
          {
            label: imagesTexts.repository.deleteAction,
            text: `acrux acr repository delete --name ${name} --repository ${repository}`,
          },
        ]}
      />
    </div>
  )
}

function Description({ loginServer, properties, access }: SettingsProps) {
  const styles = useStyles()
  const { imageName: repository, description: saved = '' } = properties
  const readAgain = useReadRepositoryAgain({ loginServer, repository })
  const [text, setText] = useState(saved)
  const reason = access.has('metadata_write') ? undefined : imagesTexts.roleNeeded.lock
  const save = useMutation({
    mutationFn: async () => {
      await changeDescription({ loginServer, repository }, text.trim())
      await readAgain()
      noteDone(view.saved)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (reason === undefined && !save.isPending) save.mutate()
  }
  return (
    <Section title={view.description}>
      <form className={styles.form} onSubmit={submit}>
        <Field hint={view.descriptionHint}>
          <Input
            aria-label={view.description}
            value={text}
            maxLength={maxLength}
            onChange={(_event, { value }) => setText(value)}
          />
        </Field>
        {text !== saved && (
          <div className={styles.bar}>
            <ActionButton type="submit" appearance="primary" reason={reason} disabled={save.isPending}>
              {words.save}
            </ActionButton>
            <Button onClick={() => setText(saved)}>{texts.cancel}</Button>
          </div>
        )}
        {save.isError && <ErrorView isAct error={save.error} />}
      </form>
    </Section>
  )
}
