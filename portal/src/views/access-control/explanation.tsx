import type { AccessExplanation } from '@acrux/shared/wire/api-types.ts'
import { MessageBar, MessageBarBody, MessageBarTitle, Text } from '@fluentui/react-components'
import type { Principal } from '../../api/principals.ts'
import type { Registry } from '../../api/registry-document.ts'
import { Table } from '../../components/table/table.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { scopeText } from './describe.ts'
import { SmallestChange } from './smallest-change.tsx'

const texts = rightsTexts.check

type ExplanationProps = {
  readonly registry: Registry
  readonly explanation: AccessExplanation
  readonly names: ReadonlyMap<string, Principal>
  readonly onChanged: () => Promise<unknown>
}

/** Whether something is allowed, by which assignments, and the change that would allow it. */
export function Explanation({ registry, explanation, names, onChanged }: ExplanationProps) {
  const { allowed, principal, assignments, needs, firstFailure, scopeMap, smallestChange } = explanation
  const reason = firstFailure === null ? '' : `${resultText(firstFailure)}.`
  return (
    <>
      <div role="status">
        <MessageBar intent={allowed ? 'success' : 'warning'} layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>{allowed ? texts.allowed : texts.denied}</MessageBarTitle>{' '}
            {names.get(principal)?.name ?? principal}: {explanation.action} {explanation.repository}. {reason}
          </MessageBarBody>
        </MessageBar>
      </div>
      {!allowed && smallestChange !== null && (
        <SmallestChange
          registry={registry}
          explanation={explanation}
          change={smallestChange}
          principal={names.get(principal)}
          onChanged={onChanged}
        />
      )}
      <Facts
        facts={[
          [texts.needs, needs.map(({ name }) => name).join(', ')],
          ...(scopeMap === null ? [] : [[words.scopeMap, `${scopeMap.name}: ${scopeMap.actions.join(', ')}`] as const]),
        ]}
      />
      {assignments.length === 0 ? (
        <Text>{scopeMap === null && texts.noAssignments}</Text>
      ) : (
        <Table
          isWrapped
          label={texts.because}
          rows={assignments}
          keyOf={({ id }) => id}
          columns={[
            { title: words.result, cell: ({ result }) => resultText(result) },
            { title: words.role, cell: ({ roleName }) => roleName ?? rightsTexts.access.goneRole },
            {
              title: rightsTexts.access.principal,
              cell: ({ principalId }) =>
                principalId === principal
                  ? (names.get(principalId)?.name ?? principalId)
                  : `${texts.through} ${names.get(principalId)?.name ?? principalId}`,
            },
            { title: words.scope, cell: ({ scope }) => scopeText(scope, registry.id) },
            { title: words.condition, cell: ({ condition }) => condition },
          ]}
        />
      )}
    </>
  )
}

/** A result in words. An unknown code is shown unchanged. */
function resultText(result: string): string {
  return (texts.results as Readonly<Record<string, string>>)[result] ?? result
}
