import { Field, Input, Text, Textarea } from '@fluentui/react-components'
import { useState } from 'react'
import { putRole } from '../../api/access.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { RoleDefinition } from '../../api/types.ts'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { actionLists, textsOf, linesOf } from './role-texts.ts'

const texts = rightsTexts.roles

type RoleDialogProps = {
  readonly registry: Registry
  /** Undefined to create one. */
  readonly role: RoleDefinition | undefined
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}

/** Creates a custom role that can be assigned at the registry, or changes one. */
export function RoleDialog({ registry, role, onDone, onClose }: RoleDialogProps) {
  const present = role?.properties
  const [roleName, setRoleName] = useState(present?.roleName ?? '')
  const [description, setDescription] = useState(present?.description ?? '')
  const [entered, setEntered] = useState(() => textsOf(role))
  const { actions, notActions, dataActions, notDataActions } = entered
  const permissions = {
    actions: linesOf(actions),
    notActions: linesOf(notActions),
    dataActions: linesOf(dataActions),
    notDataActions: linesOf(notDataActions),
  }
  const isEmpty = permissions.actions.length + permissions.dataActions.length === 0
  return (
    <ConfirmDialog
      title={role === undefined ? texts.create : texts.changeTitle}
      confirm={role === undefined ? texts.create : words.save}
      isDisabled={isEmpty || roleName.trim() === ''}
      onClose={onClose}
      onConfirm={async () => {
        const assignableScopes = present?.assignableScopes ?? [registry.id]
        const rest = { description, assignableScopes, permissions: [permissions] }
        await putRole(registry.id, role?.name ?? crypto.randomUUID(), { roleName: roleName.trim(), ...rest })
        await onDone()
      }}
    >
      {role !== undefined && <Text>{texts.changeHint}</Text>}
      <Field label={words.name} required>
        <Input value={roleName} maxLength={128} onChange={(_event, { value }) => setRoleName(value)} />
      </Field>
      <Field label={words.description}>
        <Input value={description} maxLength={2048} onChange={(_event, { value }) => setDescription(value)} />
      </Field>
      {actionLists.map((list) => (
        <Field key={list} label={texts.lists[list]} hint={texts.hints[list]}>
          <Textarea
            value={entered[list]}
            rows={2}
            resize="vertical"
            spellCheck={false}
            onChange={(_event, { value }) => setEntered({ ...entered, [list]: value })}
          />
        </Field>
      ))}
      {isEmpty && <Text>{texts.needAction}</Text>}
    </ConfirmDialog>
  )
}
