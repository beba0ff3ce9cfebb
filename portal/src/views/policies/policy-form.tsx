import { Field, Input, Switch, Text, makeStyles } from '@fluentui/react-components'
import { type FormEvent, useState } from 'react'
import type { RegistryChange } from '../../api/policies.ts'
import type { Registry } from '../../api/registry-document.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { Section } from '../../components/elements/page.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { useChange } from './use-policies.ts'

const view = operationsTexts.policies

const useStyles = makeStyles({ days: { maxWidth: '12rem' }, form: { display: 'contents' } })

type Status = 'enabled' | 'disabled'

type PolicyFormProps = {
  readonly registry: Registry
  readonly title: string
  readonly meaning: string
  /** What is lost by the change; undefined if nothing is. */
  readonly loses: (isOn: boolean) => string | undefined
  readonly status: Status
  readonly days?: { readonly value: number; readonly hint: string; readonly min: number; readonly max: number }
  readonly updated?: string
  readonly changeOf: (status: Status, days: number) => NonNullable<RegistryChange['policies']>
}

/** A policy that is on or off, some with a number of days. */
export function PolicyForm({ registry, title, meaning, loses, status, days, updated, changeOf }: PolicyFormProps) {
  const styles = useStyles()
  const { reason, save } = useChange(registry)
  const [isOn, setOn] = useState(status === 'enabled')
  const [count, setCount] = useState(String(days?.value ?? 0))
  const [isAsking, setAsking] = useState(false)
  const [isSaved, setSaved] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setSaved(false)
    setAsking(true)
  }
  const isValid = days === undefined || (/^\d+$/.test(count) && Number(count) >= days.min && Number(count) <= days.max)
  return (
    <Section title={title}>
      <form className={styles.form} onSubmit={submit}>
        <Text>{meaning}</Text>
        <Switch
          label={`${title}: ${isOn ? words.on : words.off}`}
          checked={isOn}
          disabled={reason !== undefined}
          onChange={(_event, { checked }) => setOn(checked)}
        />
        {days !== undefined && (
          <Field
            label={view.days}
            hint={days.hint}
            className={styles.days}
            validationState={isValid ? 'none' : 'error'}
          >
            <Input
              type="number"
              min={days.min}
              max={days.max}
              value={count}
              disabled={reason !== undefined}
              onChange={(_event, { value }) => setCount(value)}
            />
          </Field>
        )}
        {updated !== undefined && (
          <Text size={200}>
            {words.lastChanged}: {formatTime(updated)}
          </Text>
        )}
        <div>
          <ActionButton type="submit" reason={reason} disabled={!isValid} aria-label={`${words.save}: ${title}`}>
            {words.save}
          </ActionButton>
        </div>
      </form>
      <DoneMessage text={isSaved ? operationsTexts.saved : undefined} />
      {isAsking && (
        <ConfirmDialog
          title={`${title}: ${isOn ? words.on : words.off}`}
          confirm={words.save}
          onConfirm={async () => {
            await save({ policies: changeOf(isOn ? 'enabled' : 'disabled', Number(count)) })
            setSaved(true)
          }}
          onClose={() => setAsking(false)}
        >
          <Text>{loses(isOn) ?? meaning}</Text>
        </ConfirmDialog>
      )}
    </Section>
  )
}
