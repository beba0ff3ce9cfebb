import { Dropdown, Field, Input, Option, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { createSecret, deleteSecret } from '../../api/applications.ts'
import type { GraphApplication, GraphPasswordCredential } from '../../api/graph-types.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { actionColumn } from '../../components/table/action-column.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Table } from '../../components/table/table.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { Section } from '../../components/elements/page.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { ShownOnce } from '../../components/identities/shown-once.tsx'
import { StateBadge } from '../../components/identities/state-badge.tsx'
import { useObjectOwnerReason } from '../../components/identities/use-directory-role.ts'
import { formatTime } from '../../components/texts/format.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { useChangedApplication, useSecretUses } from './use-application.ts'

const view = identitiesTexts.application
const soonMs = 30 * 86_400_000
const lifetimes = [30, 90, 180, 365] as const

/** The secrets of an application. */
export function Secrets({ application }: { readonly application: GraphApplication }) {
  const { id, passwordCredentials: secrets } = application
  const reason = useObjectOwnerReason('applications', id)
  const changed = useChangedApplication(id)
  const [question, setQuestion] = useState<Question>()
  const [isCreating, setCreating] = useState(false)
  const [isAsked, setAsked] = useState(false)
  const uses = useSecretUses(application, isAsked)
  const showUses = () => {
    setAsked(true)
    if (isAsked) void uses.refetch()
  }
  const ask = (secret: GraphPasswordCredential) =>
    setQuestion({
      title: view.deleteSecret(nameOf(secret)),
      text: view.deleteSecretText,
      action: identitiesTexts.remove,
      act: () => deleteSecret(id, secret.keyId).then(changed),
    })
  return (
    <Section title={view.secrets}>
      <ActionBar
        actions={[
          { label: view.newSecret, reason, isPrimary: true, act: () => setCreating(true) },
          ...(secrets.length === 0 ? [] : [{ label: view.showUses, act: showUses }]),
        ]}
      />
      {uses.isError && <ErrorView error={uses.error} />}
      <SecretTable secrets={secrets} uses={uses.data} reason={reason} onDelete={ask} />
      {uses.data !== undefined && secrets.length > 0 && <Text>{view.usesAge}</Text>}
      <Text>{view.secretHint}</Text>
      <CommandLine text={`acrux ad app credential rotate --id ${application.appId}`} />
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
      {isCreating && <CreateSecret application={application} onClose={() => setCreating(false)} />}
    </Section>
  )
}

const nameOf = ({ displayName, hint }: GraphPasswordCredential) => displayName ?? `${hint}…`

type SecretTableProps = {
  readonly secrets: readonly GraphPasswordCredential[]
  readonly uses: ReadonlyMap<string, string> | undefined
  readonly reason: string | undefined
  readonly onDelete: (secret: GraphPasswordCredential) => void
}

function SecretTable({ secrets, uses, reason, onDelete }: SecretTableProps) {
  return (
    <Table
      isWrapped
      label={view.secrets}
      empty={view.noSecrets}
      rows={secrets}
      keyOf={({ keyId }) => keyId}
      columns={[
        { title: words.name, cell: ({ displayName }) => displayName ?? texts.none },
        { title: words.created, cell: ({ startDateTime }) => formatTime(startDateTime) },
        { title: words.expires, cell: ({ endDateTime }) => <Expiry time={endDateTime} /> },
        ...(uses === undefined
          ? []
          : [
              {
                title: words.lastUsed,
                cell: ({ keyId }: GraphPasswordCredential) => {
                  const time = uses.get(keyId)
                  return time === undefined ? texts.never : formatTime(time)
                },
              },
            ]),
        actionColumn({
          text: identitiesTexts.remove,
          label: (secret) => view.deleteSecret(nameOf(secret)),
          reason,
          act: onDelete,
        }),
      ]}
    />
  )
}

/** When a credential expires, with a warning. */
export function Expiry({ time }: { readonly time: string }) {
  const leftMs = Date.parse(time) - Date.now()
  return (
    <>
      {formatTime(time)} {leftMs < 0 && <StateBadge text={view.expired} color="danger" />}
      {leftMs >= 0 && leftMs < soonMs && <StateBadge text={view.soon} color="severe" />}
    </>
  )
}

type CreateSecretProps = { readonly application: GraphApplication; readonly onClose: () => void }

function CreateSecret({ application, onClose }: CreateSecretProps) {
  const [name, setName] = useState('')
  const [days, setDays] = useState<number>(lifetimes[2])
  const [secret, setSecret] = useState<string>()
  const changed = useChangedApplication(application.id)
  const submit = async () => {
    setSecret((await createSecret(application.id, name, days)).secretText ?? '')
    await changed()
  }
  return (
    <FormDialog
      title={secret === undefined ? view.newSecret : view.secretDone}
      action={view.newSecret}
      onSubmit={submit}
      onClose={onClose}
      secret={
        secret === undefined ? undefined : (
          <ShownOnce label={view.secretLabel} secret={secret}>
            <Text weight="semibold">{view.loginName}</Text>
            <CopyText label={view.loginName} text={application.appId} />
          </ShownOnce>
        )
      }
    >
      <Field label={view.secretName}>
        <Input value={name} onChange={(_event, { value }) => setName(value)} />
      </Field>
      <Field label={view.validFor}>
        <Dropdown
          value={view.days(days)}
          selectedOptions={[String(days)]}
          onOptionSelect={(_event, { optionValue }) => setDays(Number(optionValue))}
        >
          {lifetimes.map((one) => (
            <Option key={one} value={String(one)}>
              {view.days(one)}
            </Option>
          ))}
        </Dropdown>
      </Field>
    </FormDialog>
  )
}
