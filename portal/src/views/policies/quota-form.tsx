import { Field, Input, Select, Text, makeStyles } from '@fluentui/react-components'
import { useState } from 'react'
import type { Quota } from '../../api/types.ts'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { type Unit, unitOf, units } from './quota-unit.ts'

const view = operationsTexts.policies

const useStyles = makeStyles({ narrow: { maxWidth: '12rem' } })

/** The largest limit that the server accepts. */
const maxBytes = 2 ** 50

type QuotaFormProps = {
  /** Undefined for a new one. */
  readonly quota: Quota | undefined
  readonly onSave: (repository: string | null, limitBytes: number) => Promise<void>
  readonly onClose: () => void
}

/** Sets a quota, or changes one. */
export function QuotaForm({ quota, onSave, onClose }: QuotaFormProps) {
  const styles = useStyles()
  const { repository: present = null, limitBytes: presentBytes, usedBytes = 0 } = quota?.properties ?? {}
  const [repository, setRepository] = useState(present ?? '')
  const [unit, setUnit] = useState<Unit>(unitOf(presentBytes))
  const [size, setSize] = useState(presentBytes === undefined ? '' : String(presentBytes / units[unit]))
  const bytes = Math.round(Number(size) * units[unit])
  const isValid = /^\d+(?:\.\d+)?$/.test(size) && bytes <= maxBytes
  return (
    <ConfirmDialog
      title={quota === undefined ? view.addQuota : view.changeOf(present ?? words.wholeRegistry)}
      confirm={words.save}
      isDisabled={!isValid}
      onConfirm={() => onSave(repository === '' ? null : repository, bytes)}
      onClose={onClose}
    >
      {quota === undefined && (
        <Field label={words.repository} hint={view.repositoryHint}>
          <Input value={repository} onChange={(_event, { value }) => setRepository(value.trim())} spellCheck={false} />
        </Field>
      )}
      <Field label={words.size} className={styles.narrow} validationState={isValid || size === '' ? 'none' : 'error'}>
        <Input value={size} inputMode="decimal" onChange={(_event, { value }) => setSize(value.trim())} />
      </Field>
      <Field label={view.unit} className={styles.narrow}>
        <Select value={unit} onChange={(_event, { value }) => setUnit(value as Unit)}>
          {Object.keys(units).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <div role="status">{isValid && bytes < usedBytes && <Text>{view.tooSmall}</Text>}</div>
    </ConfirmDialog>
  )
}
