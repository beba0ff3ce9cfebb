import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { MessageBar, MessageBarBody, Text } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { newAssignmentId, putAssignment } from '../../api/access.ts'
import type { Principal } from '../../api/principals.ts'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { RoleDefinition } from '../../api/types.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Name } from '../../components/elements/name.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { visibleName } from '../../components/texts/visible-name.ts'
import { words } from '../../components/texts/words.ts'
import { type Place, type PlannedAssignment, conditionOf, planAssignments } from './plan-assignments.ts'
import { type NamedAssignment, accessKey, useAssignmentsOf } from './use-access.ts'

const texts = rightsTexts.add
const writeAction = 'Microsoft.Authorization/roleAssignments/write'

type ReviewStepProps = {
  readonly registry: Registry
  readonly role: RoleDefinition
  readonly principals: readonly Principal[]
  readonly place: Place
  readonly onDone: () => void
}

type Failure = { readonly principal: Principal; readonly error: unknown }

/** Shows what will be assigned, and assigns it. */
export function ReviewStep(props: ReviewStepProps) {
  const { registry, principals } = props
  const assignments = useAssignmentsOf(
    registry.id,
    principals.map(({ id }) => id),
  )
  return <Loaded query={assignments}>{(found) => <Review {...props} assignments={found} />}</Loaded>
}

type ReviewProps = ReviewStepProps & {
  /** Those of the principals. */
  readonly assignments: readonly NamedAssignment[]
}

function Review({ registry, assignments, role, principals, place, onDone }: ReviewProps) {
  const readAgain = useReadAgain()
  const lacks = useLacks(registry.id)(writeAction)
  const planned = planAssignments({ registryId: registry.id, role, principals, place, assignments })
  const assign = useMutation({
    mutationFn: async (): Promise<readonly Failure[]> => {
      const failures: Failure[] = []
      for (const each of planned) {
        await carryOut(registry, role, each).catch((error: unknown) =>
          failures.push({ principal: each.principal, error }),
        )
      }
      await readAgain(accessKey(registry.id))
      return failures
    },
    onSuccess: (failures) => failures.length === 0 && onDone(),
  })
  const condition = conditionOf(place)
  return (
    <>
      <Facts
        facts={[
          [words.role, role.properties.roleName],
          [rightsTexts.access.principal, visibleName(principals.map(({ name }) => name).join(', '))],
          [words.scope, registry.properties.loginServer],
          [words.condition, condition ?? rightsTexts.condition.none],
        ]}
      />
      {planned.map(({ principal, kind }) => (
        <Note key={principal.id} name={principal.name} kind={kind} />
      ))}
      <div>
        <ActionButton appearance="primary" reason={lacks} disabled={assign.isPending} onClick={() => assign.mutate()}>
          {texts.assign}
        </ActionButton>
      </div>
      {lacks !== undefined && <Text>{lacks}</Text>}
      {assign.isError && <ErrorView isAct error={assign.error} />}
      {(assign.data ?? []).map(({ principal, error }) => (
        <div key={principal.id}>
          <Text>
            {texts.failed} <Name>{principal.name}</Name>
          </Text>
          <ErrorView isAct error={error} />
        </div>
      ))}
      <CommandLine text={commandsOf(registry, role, planned)} />
    </>
  )
}

function Note({ name, kind }: { readonly name: string; readonly kind: PlannedAssignment['kind'] }) {
  const notes = { create: undefined, has: texts.has, widens: texts.widens, 'adds-to': texts.addsTo }
  const note = notes[kind]
  if (note === undefined) return null
  return (
    <MessageBar intent="info" layout="multiline">
      <MessageBarBody>
        <Name>{name}</Name> {note}
      </MessageBarBody>
    </MessageBar>
  )
}

async function carryOut(registry: Registry, role: RoleDefinition, planned: PlannedAssignment): Promise<void> {
  const { principal, kind, id, condition } = planned
  if (kind === 'has') return
  await putAssignment(id ?? newAssignmentId(registry.id), {
    roleDefinitionId: role.id,
    principalId: principal.id,
    principalType: principal.type,
    condition,
  })
}

function commandsOf(registry: Registry, role: RoleDefinition, planned: readonly PlannedAssignment[]): string {
  return planned
    .filter(({ kind }) => kind !== 'has')
    .map(({ principal, condition }) =>
      [
        `acrux role assignment create --role ${shellWord(role.properties.roleName)} --scope ${registry.id}`,
        `--assignee-object-id ${principal.id} --assignee-principal-type ${principal.type}`,
        ...(condition === null ? [] : [`--condition ${shellWord(condition)}`]),
      ].join(' '),
    )
    .join('\n')
}
