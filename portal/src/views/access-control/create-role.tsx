import { Field, Input, Text, Textarea } from '@fluentui/react-components'
import { useState } from 'react'
import { createRole } from '../../api/access.ts'
import type { Registry } from '../../api/types.ts'
import { ConfirmDialog } from '../../shell/confirm-dialog.tsx'
import { rightsTexts } from '../../texts/rights.ts'

const texts = rightsTexts.roles

type CreateRoleProps = {
  readonly registry: Registry
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}

/** Creates a custom role that can be assigned at the registry. */
export function CreateRole({ registry, onDone, onClose }: CreateRoleProps) {
  const [roleName, setRoleName] = useState('')
  const [description, setDescription] = useState('')
  const [actions, setActions] = useState('')
  const [dataActions, setDataActions] = useState('')
  const permissions = {
    actions: linesOf(actions),
    notActions: [],
    dataActions: linesOf(dataActions),
    notDataActions: [],
  }
  const isEmpty = permissions.actions.length + permissions.dataActions.length === 0
  return (
    <ConfirmDialog
      title={texts.create}
      confirm={texts.create}
      isDisabled={isEmpty || roleName.trim() === ''}
      onClose={onClose}
      onConfirm={async () => {
        const rest = { assignableScopes: [registry.id], permissions: [permissions] }
        await createRole(registry.id, { roleName: roleName.trim(), description, ...rest })
        await onDone()
      }}
    >
      <Field label={texts.name} required>
        <Input value={roleName} maxLength={128} onChange={(_event, { value }) => setRoleName(value)} />
      </Field>
      <Field label={texts.description}>
        <Input value={description} maxLength={2048} onChange={(_event, { value }) => setDescription(value)} />
      </Field>
      <Field label={texts.actions} hint={texts.actionsHint}>
        <Textarea
          value={actions}
          spellCheck={false}
          placeholder="Microsoft.ContainerRegistry/registries/read"
          onChange={(_event, { value }) => setActions(value)}
        />
      </Field>
      <Field label={texts.dataActions} hint={texts.dataActionsHint}>
        <Textarea
          value={dataActions}
          spellCheck={false}
          placeholder="Microsoft.ContainerRegistry/registries/repositories/content/read"
          onChange={(_event, { value }) => setDataActions(value)}
        />
      </Field>
      {isEmpty && <Text>{texts.needAction}</Text>}
    </ConfirmDialog>
  )
}

function linesOf(text: string): string[] {
  return text.split(/\s+/).filter((line) => line !== '')
}
