import { capabilityLoss } from '@acrux/shared/permissions/mode-changes.ts'
import { Text } from '@fluentui/react-components'
import { deleteAssignment } from '../../api/access.ts'
import type { Registry } from '../../api/registry-document.ts'
import { Name } from '../../components/elements/name.tsx'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { texts as shared } from '../../components/texts/texts.ts'
import { capabilitiesOf, lossTexts } from './describe.ts'
import { type NamedAssignment, heldRoles, nameOf, useAssignmentsOf } from './use-access.ts'

const texts = rightsTexts.access

type RemoveAssignmentProps = {
  readonly registry: Registry
  readonly assignment: NamedAssignment
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}

/** Asks before an assignment is removed, and says what is lost. */
export function RemoveAssignment({ registry, assignment, onDone, onClose }: RemoveAssignmentProps) {
  const { id, principalId, role } = assignment
  const own = useAssignmentsOf(registry.id, [principalId])
  return (
    <ConfirmDialog
      title={texts.removeTitle}
      isDanger
      confirm={rightsTexts.remove}
      isDisabled={own.isPending}
      onClose={onClose}
      onConfirm={async () => {
        await deleteAssignment(id)
        await onDone()
      }}
    >
      <Text>
        {role?.properties.roleName ?? texts.goneRole}: <Name>{nameOf(assignment)}</Name>
      </Text>
      <Loaded query={own}>{(found) => <Loss registry={registry} assignment={assignment} own={found} />}</Loaded>
      <Text>{texts.keepsGroups}</Text>
      <CaptionedText label={shared.commandLine} text={`acrux role assignment delete --ids ${id}`} />
    </ConfirmDialog>
  )
}

type LossProps = {
  readonly registry: Registry
  readonly assignment: NamedAssignment
  /** Every assignment of the principal. */
  readonly own: readonly NamedAssignment[]
}

function Loss({ registry, assignment: { id, role }, own }: LossProps) {
  const others = own.filter((each) => each.id !== id)
  const mode = registry.properties.roleAssignmentMode
  const lost = lossTexts(capabilityLoss(heldRoles(own), heldRoles(others), mode))
  const managesToo = (role?.properties.permissions ?? []).some(({ actions }) =>
    actions.some((action) => !/\/registries\/(?:pull|push|artifacts|catalog)\//i.test(action)),
  )
  const hasEffect = role !== undefined && capabilitiesOf(role, mode).length > 0
  const items = [...lost, ...(managesToo ? [texts.losesManagement] : [])]
  if (items.length === 0) return <Text>{hasEffect ? texts.losesNothing : texts.noEffect}</Text>
  return (
    <div>
      <Text>{texts.loses}</Text>
      <ul>
        {items.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </div>
  )
}
