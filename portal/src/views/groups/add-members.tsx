import { Text, makeStyles, tokens } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { addMember } from '../../api/directory.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { FilterField } from '../../components/elements/filter-field.tsx'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { Tabs } from '../../components/elements/tabs.tsx'
import { DirectoryTable } from '../../components/identities/directory-table.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import { useChangedGroup } from './use-group.ts'

const view = identitiesTexts.group
const collections = {
  users: identitiesTexts.people,
  groups: identitiesTexts.groups,
  servicePrincipals: identitiesTexts.applications,
} as const

const useStyles = makeStyles({
  list: { maxHeight: '40vh', overflowY: 'auto', display: 'grid', rowGap: tokens.spacingVerticalM },
})

type Candidate = { readonly id: string; readonly displayName: string; readonly userPrincipalName?: string }

type AddMembersProps = { readonly groupId: string; readonly onClose: () => void }

/** Adds people, groups and programs to a group, one after the other. */
export function AddMembers({ groupId, onClose }: AddMembersProps) {
  const styles = useStyles()
  const [collection, setCollection] = useState<keyof typeof collections>('users')
  const [filter, setFilter] = useState('')
  const [added, setAdded] = useState<readonly string[]>([])
  const changed = useChangedGroup(groupId)
  const add = useMutation({
    mutationFn: async (id: string) => {
      await addMember(groupId, id)
      setAdded((before) => [...before, id])
      await changed()
    },
  })
  return (
    <FormDialog
      title={view.add}
      action={view.addButton}
      onSubmit={async () => onClose()}
      onClose={onClose}
      result={
        <>
          <Text>{view.addText}</Text>
          <Tabs label={words.kind} size="small" tabs={collections} selected={collection} onSelect={setCollection} />
          <FilterField filter={filter} onFilter={setFilter} />
          <div className={styles.list}>
            <DirectoryTable<Candidate>
              label={collections[collection]}
              collection={collection}
              filter={filter}
              empty={identitiesTexts.noMatch}
              columns={[
                {
                  title: words.name,
                  cell: ({ displayName, userPrincipalName }) =>
                    userPrincipalName === undefined ? displayName : `${displayName} (${userPrincipalName})`,
                },
                {
                  title: words.actions,
                  cell: ({ id, displayName }) => (
                    <ActionButton
                      size="small"
                      reason={added.includes(id) ? view.addedOne(displayName) : undefined}
                      aria-label={added.includes(id) ? view.addedOne(displayName) : view.addOne(displayName)}
                      onClick={() => add.mutate(id)}
                    >
                      {added.includes(id) ? view.added : view.addButton}
                    </ActionButton>
                  ),
                },
              ]}
            />
          </div>
          {add.isError && <ErrorView isAct error={add.error} />}
        </>
      }
    />
  )
}
