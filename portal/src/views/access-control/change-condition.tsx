import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import { putAssignment } from '../../api/access.ts'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Name } from '../../components/elements/name.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { ConditionEditor } from './condition-editor.tsx'
import { isCondition } from './plan-assignments.ts'
import { type NamedAssignment, nameOf } from './use-access.ts'

const texts = rightsTexts.condition

type ChangeConditionProps = {
  readonly assignment: NamedAssignment
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}

/** Changes the condition of a role assignment. */
export function ChangeCondition({ assignment, onDone, onClose }: ChangeConditionProps) {
  const { id, roleDefinitionId, principalId, principalType, description, role } = assignment
  const [text, setText] = useState(assignment.condition ?? '')
  return (
    <ConfirmDialog
      title={texts.title}
      confirm={words.save}
      isDisabled={!isCondition(text)}
      onClose={onClose}
      onConfirm={async () => {
        const condition = text.trim() === '' ? null : text
        await putAssignment(id, { roleDefinitionId, principalId, principalType, description, condition })
        await onDone()
      }}
    >
      <Text>
        {role?.properties.roleName}, <Name>{nameOf(assignment)}</Name>
      </Text>
      <ConditionEditor value={text} onChange={setText} />
    </ConfirmDialog>
  )
}
