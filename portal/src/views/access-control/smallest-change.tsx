import { changeText } from '@acrux/shared/permissions/change-text.ts'
import { actionToGrant, grantForms } from '@acrux/shared/permissions/granted-action.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import type { AccessExplanation, DecisionChange } from '@acrux/shared/wire/api-types.ts'
import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import type { Principal } from '../../api/principals.ts'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { possibleChange } from './apply-change.ts'
import { repositoriesText } from './describe.ts'
import { accessKey } from './use-access.ts'

const texts = rightsTexts.check

type SmallestChangeProps = {
  readonly registry: Registry
  readonly explanation: AccessExplanation
  readonly change: DecisionChange
  readonly principal: Principal | undefined
  readonly onChanged: () => Promise<unknown>
}

/** The smallest change that would allow a request, with a button that makes it. */
export function SmallestChange({ registry, explanation, change, principal, onChanged }: SmallestChangeProps) {
  const lacksAction = useLacks(registry.id)
  const readAgain = useReadAgain()
  const [isAsked, setAsked] = useState(false)
  const [isDone, setDone] = useState(false)
  const possible = possibleChange({ registryId: registry.id, explanation, change, principal })
  const lacks = possible && lacksAction(possible.needs)
  const description = describeChange(change, principal?.name ?? explanation.principal, explanation)
  return (
    <Section title={texts.change}>
      <Text>{description}</Text>
      {possible === undefined ? (
        <Text>{texts.byHand}</Text>
      ) : (
        <div>
          <ActionButton appearance="primary" reason={lacks} onClick={() => setAsked(true)}>
            {texts.apply}
          </ActionButton>
        </div>
      )}
      {lacks !== undefined && <Text>{lacks}</Text>}
      <CommandLine text={commandOf(registry, explanation, change)} />
      <DoneMessage text={isDone ? texts.applied : undefined} />
      {isAsked && possible !== undefined && (
        <ConfirmDialog
          title={texts.change}
          confirm={texts.apply}
          onClose={() => setAsked(false)}
          onConfirm={async () => {
            await possible.apply()
            setDone(true)
            await readAgain(accessKey(registry.id), ['registries'])
            await onChanged()
          }}
        >
          <Text>{description}</Text>
        </ConfirmDialog>
      )}
    </Section>
  )
}

function describeChange(
  { kind, roleName, condition, action }: DecisionChange,
  who: string,
  asked: AccessExplanation,
): string {
  const { changes } = texts
  const granted = actionToGrant(asked.action)
  if (kind === 'change-condition' && granted !== undefined && asked.repository !== null)
    return texts.assignRole(grantForms[granted].role.name, who, asked.repository)
  switch (kind) {
    case 'assign-role':
      return texts.assignRole(roleName ?? '', who, repositoriesText(roleName, condition ?? null))
    case 'extend-scope-map':
      return `${changes['extend-scope-map']}: ${action ?? ''}. ${changes['extend-scope-map-hint']}`
    default:
      return (changes as Readonly<Record<string, string>>)[kind] ?? kind
  }
}

function commandOf(registry: Registry, explanation: AccessExplanation, change: DecisionChange): string {
  const { principal, action, repository, scopeMap, roleAssignmentMode } = explanation
  const [, token] = /^token:(.+)$/.exec(principal) ?? []
  return changeText(change, {
    registry: registry.name,
    who: shellWord(principal),
    objectId: principal,
    token,
    scopeMap: scopeMap?.name,
    asked: { action, repository },
    isForRegistry: roleAssignmentMode === 'LegacyRegistryPermissions',
  })
}
