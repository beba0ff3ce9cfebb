import { Badge, Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import { deleteRole } from '../../api/access.ts'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { RoleDefinition } from '../../api/types.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Table } from '../../components/table/table.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { ListBar, ListFilter } from '../../components/elements/list-bar.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import type { AccessSearch } from './access-search.ts'
import { RoleDialog } from './role-dialog.tsx'
import { permissionTexts, matchesRole } from './role-texts.ts'
import { accessKey, useRoles } from './use-access.ts'

const texts = rightsTexts.roles
const writeAction = 'Microsoft.Authorization/roleDefinitions/write'
const deleteAction = 'Microsoft.Authorization/roleDefinitions/delete'

const useStyles = makeStyles({
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalL, fontFamily: tokens.fontFamilyMonospace },
})

/** What is edited: a role, or a new one. */
type Edited = { readonly role: RoleDefinition | undefined }

type RolesProps = {
  readonly registry: Registry
  readonly search: AccessSearch
  readonly go: (search: AccessSearch, replace?: boolean) => void
}

/** The roles that can be assigned at a registry. */
export function Roles({ registry, search, go }: RolesProps) {
  const roles = useRoles(registry.id)
  const lacks = useLacks(registry.id)
  const readAgain = useReadAgain()
  const [edited, setEdited] = useState<Edited>()
  const [deleted, setDeleted] = useState<RoleDefinition>()
  const [done, setDone] = useState<string>()
  const { filter = '' } = search
  const reload = () => readAgain(accessKey(registry.id))
  return (
    <Section title={rightsTexts.access.tabs.roles}>
      <Text>{texts.about}</Text>
      <DoneMessage text={done} />
      <ListBar action={texts.create} reason={lacks(writeAction)} onAct={() => setEdited({ role: undefined })}>
        <ListFilter
          filter={filter}
          onFilter={(value) => go({ tab: 'roles', ...(value !== '' && { filter: value }) }, true)}
        />
      </ListBar>
      <Loaded query={roles}>
        {(all) => (
          <RoleTable
            roles={all.filter((role) => matchesRole(role, filter))}
            onDelete={setDeleted}
            onEdit={setEdited}
            lacksWrite={lacks(writeAction)}
            lacksDelete={lacks(deleteAction)}
          />
        )}
      </Loaded>
      <CommandLine text="acrux role definition list -o table" />
      {edited !== undefined && (
        <RoleDialog
          registry={registry}
          role={edited.role}
          onClose={() => setEdited(undefined)}
          onDone={async () => {
            await reload()
            setDone(edited.role === undefined ? texts.created : texts.changed)
          }}
        />
      )}
      {deleted !== undefined && (
        <ConfirmDialog
          title={texts.deleteTitle}
          isDanger
          confirm={words.delete}
          onClose={() => setDeleted(undefined)}
          onConfirm={async () => {
            await deleteRole(registry.id, deleted.name)
            await reload()
          }}
        >
          <Text>{deleted.properties.roleName}</Text>
          <Text>{texts.deleteHint}</Text>
        </ConfirmDialog>
      )}
    </Section>
  )
}

type RoleTableProps = {
  readonly roles: readonly RoleDefinition[]
  readonly onDelete: (role: RoleDefinition) => void
  readonly onEdit: (edited: Edited) => void
  readonly lacksWrite: string | undefined
  readonly lacksDelete: string | undefined
}

function RoleTable({ roles, onDelete, onEdit, lacksWrite, lacksDelete }: RoleTableProps) {
  const styles = useStyles()
  const [opened, setOpened] = useState<string>()
  return (
    <Table
      isWrapped
      label={rightsTexts.access.tabs.roles}
      empty={words.noMatch}
      rows={roles}
      keyOf={({ name }) => name}
      columns={[
        { title: words.name, cell: ({ properties }) => properties.roleName },
        {
          title: words.kind,
          cell: ({ properties }) => (
            <Badge appearance="outline">{properties.type === 'CustomRole' ? texts.custom : texts.builtIn}</Badge>
          ),
        },
        { title: words.description, cell: ({ properties }) => properties.description },
        {
          title: texts.permissions,
          cell: (role) =>
            opened === role.name ? (
              <ul className={styles.list}>
                {permissionTexts(role).map((each) => (
                  <li key={each}>{each}</li>
                ))}
              </ul>
            ) : (
              <Button
                size="small"
                aria-label={`${texts.permissions}: ${role.properties.roleName}`}
                onClick={() => setOpened(role.name)}
              >
                {texts.permissions}
              </Button>
            ),
        },
        {
          title: words.action,
          cell: (role) =>
            role.properties.type === 'CustomRole' && (
              <div className={styles.buttons}>
                {/* The dialog shows one block of permissions. */}
                {role.properties.permissions.length === 1 && (
                  <ActionButton
                    size="small"
                    reason={lacksWrite}
                    aria-label={`${words.change}: ${role.properties.roleName}`}
                    onClick={() => onEdit({ role })}
                  >
                    {words.change}
                  </ActionButton>
                )}
                <ActionButton
                  size="small"
                  reason={lacksDelete}
                  aria-label={`${words.delete}: ${role.properties.roleName}`}
                  onClick={() => onDelete(role)}
                >
                  {words.delete}
                </ActionButton>
              </div>
            ),
        },
      ]}
    />
  )
}
