import { Field, Input, Select, Switch } from '@fluentui/react-components'
import { useState } from 'react'
import type { AuditWebhook } from '../../api/types.ts'
import type { WebhookSettings } from '../../api/webhooks.ts'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'

const view = operationsTexts.integrity

type WebhookFormProps = {
  /** Undefined for a new one. */
  readonly webhook: AuditWebhook | undefined
  readonly onSave: (name: string, settings: WebhookSettings) => Promise<void>
  readonly onClose: () => void
}

/** Creates a webhook, or changes one. */
export function WebhookForm({ webhook, onSave, onClose }: WebhookFormProps) {
  const { status = 'enabled', filter = {} } = webhook?.properties ?? {}
  const [name, setName] = useState(webhook?.name ?? '')
  const [address, setAddress] = useState('')
  const [actions, setActions] = useState(filter.actions?.join(' ') ?? '')
  const [outcome, setOutcome] = useState<string>(filter.outcome ?? '')
  const [isOn, setOn] = useState(status === 'enabled')
  const save = () => {
    const list = actions.split(/[\s,]+/).filter((action) => action !== '')
    return onSave(name, {
      ...(address !== '' && { serviceUri: address }),
      status: isOn ? 'enabled' : 'disabled',
      filter: {
        ...(list.length > 0 && { actions: list }),
        ...((outcome === 'success' || outcome === 'refused') && { outcome }),
      },
    })
  }
  return (
    <ConfirmDialog
      title={webhook === undefined ? view.add : `${view.edit} ${name}`}
      confirm={words.save}
      isDisabled={name === '' || (webhook === undefined && address === '')}
      onConfirm={save}
      onClose={onClose}
    >
      {webhook === undefined && (
        <Field label={words.name} hint={view.nameHint} required>
          <Input value={name} onChange={(_event, { value }) => setName(value.trim())} spellCheck={false} />
        </Field>
      )}
      <AddressField webhook={webhook} address={address} onChange={setAddress} />
      <Field label={words.actions} hint={view.actionsHint}>
        <Input value={actions} onChange={(_event, { value }) => setActions(value)} spellCheck={false} />
      </Field>
      <Field label={words.outcome}>
        <Select value={outcome} onChange={(_event, { value }) => setOutcome(value)}>
          {Object.entries(operationsTexts.outcomes).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </Select>
      </Field>
      <Switch label={isOn ? words.on : words.off} checked={isOn} onChange={(_event, { checked }) => setOn(checked)} />
    </ConfirmDialog>
  )
}

type AddressFieldProps = Pick<WebhookFormProps, 'webhook'> & {
  readonly address: string
  readonly onChange: (address: string) => void
}

/** The address of a new webhook, or another one for a webhook whose address is not shown. */
function AddressField({ webhook, address, onChange }: AddressFieldProps) {
  const hint = webhook === undefined ? view.addressHint : view.addressKept(webhook.properties.host)
  return (
    <Field label={words.address} hint={hint} required={webhook === undefined}>
      <Input type="url" value={address} onChange={(_event, { value }) => onChange(value.trim())} />
    </Field>
  )
}
