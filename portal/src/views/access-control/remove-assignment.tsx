import { Text } from '@fluentui/react-components'
import { capabilityLoss } from '../../../../cli/src/acr/permission/mode-changes.ts'
import { deleteAssignment } from '../../api/access.ts'
import type { Registry } from '../../api/types.ts'
import { ConfirmDialog } from '../../shell/confirm-dialog.tsx'
import { CaptionedText } from '../../shell/captioned-text.tsx'
import { texts as shared } from '../../texts.ts'
import { rightsTexts } from '../../texts/rights.ts'
import { capabilitiesOf, lossTexts } from './describe.ts'
import { type Access, type NamedAssignment, heldRoles, nameOf } from './use-access.ts'

const texts = rightsTexts.access

type RemoveAssignmentProps = {
  readonly registry: Registry
  readonly access: Access
  readonly assignment: NamedAssignment
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}

/** Asks before an assignment is removed, and says what is lost. */
export function RemoveAssignment({ registry, access, assignment, onDone, onClose }: RemoveAssignmentProps) {
  const { id, principalId, role } = assignment
  const own = access.assignments.filter((each) => each.principalId === principalId)
  const others = own.filter((each) => each.id !== id)
  const mode = registry.properties.roleAssignmentMode
  const lost = lossTexts(capabilityLoss(heldRoles(own), heldRoles(others), mode))
  const managesToo = (role?.properties.permissions ?? []).some(({ actions }) =>
    actions.some((action) => !/\/registries\/(?:pull|push|artifacts|catalog)\//i.test(action)),
  )
  const hasEffect = role !== undefined && capabilitiesOf(role, mode).length > 0
  const items = [...lost, ...(managesToo ? [texts.losesManagement] : [])]
  return (
    <ConfirmDialog
      title={texts.removeTitle}
      confirm={rightsTexts.remove}
      onClose={onClose}
      onConfirm={async () => {
        await deleteAssignment(id)
        await onDone()
      }}
    >
      <Text>
        {role?.properties.roleName ?? texts.goneRole}: {nameOf(assignment)}
      </Text>
      {items.length === 0 ? (
        <Text>{hasEffect ? texts.losesNothing : texts.noEffect}</Text>
      ) : (
        <div>
          <Text>{texts.loses}</Text>
          <ul>
            {items.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      )}
      <Text>{texts.keepsGroups}</Text>
      <CaptionedText label={shared.commandLine} text={`acrux role assignment delete --ids ${id}`} />
    </ConfirmDialog>
  )
}
