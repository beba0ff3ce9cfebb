import type { Decision } from '@acrux/shared/wire/api-types.ts'
import { Text } from '@fluentui/react-components'
import { Table } from '../../components/table/table.tsx'
import { Section } from '../../components/elements/page.tsx'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { scopeText } from '../access-control/describe.ts'

const view = operationsTexts.denial

type ConsideredAssignmentsProps = { readonly decision: Decision; readonly names: ReadonlyMap<string, string> }

/** The role assignments that were considered, and why each did not allow the request. */
export function ConsideredAssignments({ decision, names }: ConsideredAssignmentsProps) {
  const { assignments, assignmentCount, principal } = decision
  if (assignments.length === 0) return null
  const more = assignmentCount - assignments.length
  return (
    <Section title={view.considered}>
      <Table
        isWrapped
        label={view.considered}
        rows={assignments}
        keyOf={({ id }) => id}
        columns={[
          { title: words.role, cell: ({ roleName }) => roleName ?? view.noRole },
          { title: words.result, cell: ({ result }) => codeText(operationsTexts.results, result) },
          { title: words.scope, cell: ({ scope }) => scopeText(scope) },
          {
            title: view.through,
            cell: ({ principalId, principalType }) =>
              principalId === principal.id ? '' : `${principalType} ${names.get(principalId) ?? principalId}`,
          },
          {
            title: words.condition,
            cell: ({ condition }) => (condition === null ? texts.none : <code>{condition}</code>),
          },
        ]}
      />
      {more > 0 && (
        <Text>
          {more} {view.more}
        </Text>
      )}
    </Section>
  )
}
