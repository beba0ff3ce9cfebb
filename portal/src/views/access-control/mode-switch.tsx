import { type RoleAssignmentMode, placeOf } from '@acrux/shared/permissions/mode-changes.ts'
import type { ModeChange } from '@acrux/shared/wire/api-types.ts'
import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import { changeRegistry } from '../../api/access.ts'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Table } from '../../components/table/table.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { lossTexts } from './describe.ts'
import { useModeChanges } from './use-access.ts'

const texts = rightsTexts.mode
const writeAction = 'Microsoft.ContainerRegistry/registries/write'

/** Whether roles apply per repository, and who gains and loses what by a switch. */
export function ModeSwitch({ registry }: { readonly registry: Registry }) {
  const readAgain = useReadAgain()
  const [isAsked, setAsked] = useState(false)
  const [done, setDone] = useState<string>()
  const mode = registry.properties.roleAssignmentMode
  const other: RoleAssignmentMode =
    mode === 'AbacRepositoryPermissions' ? 'LegacyRegistryPermissions' : 'AbacRepositoryPermissions'
  const changes = useModeChanges(registry.id, other)
  const lacks = useLacks(registry.id)(writeAction)
  const option = other === 'AbacRepositoryPermissions' ? 'rbac-abac' : 'rbac'
  return (
    <Section title={rightsTexts.access.tabs.mode}>
      <Text>{texts.about}</Text>
      <DoneMessage text={done} />
      <Facts facts={[[texts.now, texts.modes[mode]]]} />
      <Loaded query={changes}>
        {() => (
          <Section title={`${texts.switch} “${texts.modes[other]}”`}>
            <Changes query={changes} />
            <Text>{texts.rest}</Text>
            <div>
              <ActionButton appearance="primary" reason={lacks} onClick={() => setAsked(true)}>
                {texts.switch} {texts.modes[other]}
              </ActionButton>
            </div>
            {lacks !== undefined && <Text>{lacks}</Text>}
            {isAsked && (
              <ConfirmDialog
                title={texts.confirm}
                confirm={`${texts.switch} ${texts.modes[other]}`}
                onClose={() => setAsked(false)}
                onConfirm={async () => {
                  await changeRegistry(registry.id, { roleAssignmentMode: other })
                  await readAgain(['registries'])
                  setDone(doneText(changes))
                }}
              >
                <Changes query={changes} />
                <Text>{texts.rest}</Text>
              </ConfirmDialog>
            )}
          </Section>
        )}
      </Loaded>
      <CommandLine text={`acrux acr update --name ${registry.name} --role-assignment-mode ${option}`} />
    </Section>
  )
}

type ModeChanges = ReturnType<typeof useModeChanges>

function doneText({ data, hasNextPage }: ModeChanges): string {
  const loses = data?.pages.some(({ list }) => list.value.some(({ lost }) => lost.length > 0)) === true
  return loses || hasNextPage ? `${texts.switched} ${texts.next}` : texts.switched
}

function Changes({ query }: { readonly query: ModeChanges }) {
  const lists = (query.data?.pages ?? []).map(({ list }) => list)
  const [{ count = 0, isCountComplete = true } = {}] = lists
  if (count === 0 && isCountComplete) return <Text>{texts.none}</Text>
  return (
    <>
      <Text>{texts.count(count, isCountComplete)}</Text>
      <Table
        isWrapped
        label={texts.who}
        rows={lists.flatMap(({ value }) => value)}
        keyOf={({ principalId }) => principalId}
        query={query}

        columns={[
          { title: rightsTexts.access.principal, cell: ({ displayName, principalId }) => displayName ?? principalId },
          { title: words.role, cell: ({ roleNames }) => roleNames.join(', ') },
          { title: words.change, cell: changeText },
        ]}
      />
    </>
  )
}

function changeText({ lost, gained }: ModeChange): string {
  return [
    ...lossTexts(lost.map(placeOf)).map((each) => `${texts.phrases.lost} ${each}`),
    ...lossTexts(gained.map(placeOf)).map((each) => `${texts.phrases.gained} ${each}`),
  ].join('; ')
}
