import { Badge, Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Registry } from '../../api/types.ts'
import { usePermissions } from '../../session/use-permissions.ts'
import { ActionButton } from '../../shell/action-button.tsx'
import { CaptionedText } from '../../shell/captioned-text.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { DoneMessage } from '../../shell/done-message.tsx'
import { ListBar } from '../../shell/list-bar.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { Section } from '../../shell/page.tsx'
import { texts as shared } from '../../texts.ts'
import { rightsTexts } from '../../texts/rights.ts'
import type { AccessSearch } from './access-search.ts'
import { ChangeCondition } from './change-condition.tsx'
import { capabilitiesOf, repositoriesText, scopeText } from './describe.ts'
import { RemoveAssignment } from './remove-assignment.tsx'
import { type Access, type NamedAssignment, accessKey, nameOf, useAccess } from './use-access.ts'

const texts = rightsTexts.access
const writeAction = 'Microsoft.Authorization/roleAssignments/write'
const deleteAction = 'Microsoft.Authorization/roleAssignments/delete'
/** How many rows are shown at first, and with each “Load more”. */
const pageSize = 100

const useStyles = makeStyles({
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  detail: { display: 'block', color: tokens.colorNeutralForeground2 },
})

type AssignmentsProps = {
  readonly registry: Registry
  readonly search: AccessSearch
  readonly go: (search: AccessSearch, replace?: boolean) => void
}

type Opened = { readonly kind: 'remove' | 'condition'; readonly assignment: NamedAssignment }

/** The role assignments of a registry, also the inherited ones. */
export function Assignments({ registry, search, go }: AssignmentsProps) {
  const access = useAccess(registry.id)
  const mayAct = usePermissions(registry.id)
  const navigate = useNavigate()
  const { filter = '' } = search
  const { loginServer } = registry.properties
  const [done, setDone] = useState<string | undefined>(search.done === undefined ? undefined : texts.assigned)
  const lacksWrite = mayAct(writeAction) ? undefined : `${rightsTexts.lacks} ${writeAction}.`
  return (
    <Section title={texts.tabs.assignments}>
      <DoneMessage text={done} />
      <ListBar
        filter={filter}
        onFilter={(value) => go(value === '' ? {} : { filter: value }, true)}
        action={texts.add}
        reason={lacksWrite}
        onAct={() => void navigate({ to: '/registries/$registry/access/add', params: { registry: loginServer } })}
      />
      <Loaded query={access}>
        {(found) => <AssignmentTable registry={registry} access={found} filter={filter} onDone={setDone} />}
      </Loaded>
      <CaptionedText
        label={shared.commandLine}
        text={`acrux role assignment list --scope ${registry.id} --include-inherited -o table`}
      />
    </Section>
  )
}

type AssignmentTableProps = {
  readonly registry: Registry
  readonly access: Access
  readonly filter: string
  readonly onDone: (text: string) => void
}

function AssignmentTable({ registry, access, filter, onDone }: AssignmentTableProps) {
  const styles = useStyles()
  const [shown, setShown] = useState(pageSize)
  const [opened, setOpened] = useState<Opened>()
  const client = useQueryClient()
  const { assignments } = access
  if (assignments.length === 0) {
    return (
      <Text>
        {texts.empty} {texts.emptyNext}
      </Text>
    )
  }
  const rows = assignments.filter((each) => matches(each, filter))
  if (rows.length === 0) return <Text>{rightsTexts.noMatch}</Text>
  const finish = async (text: string) => {
    await client.invalidateQueries({ queryKey: accessKey(registry.id) })
    onDone(text)
  }
  const close = () => setOpened(undefined)
  return (
    <>
      <DataTable
        label={texts.tabs.assignments}
        rows={rows.slice(0, shown)}
        keyOf={({ id }) => id}
        columns={columnsOf(registry, styles.detail, (each) => (
          <RowButtons registry={registry} assignment={each} onOpen={setOpened} />
        ))}
      />
      {rows.length > shown && (
        <div>
          <Button onClick={() => setShown(shown + pageSize)}>{shared.loadMore}</Button>
        </div>
      )}
      {opened?.kind === 'remove' && (
        <RemoveAssignment
          registry={registry}
          access={access}
          assignment={opened.assignment}
          onDone={() => finish(texts.removed)}
          onClose={close}
        />
      )}
      {opened?.kind === 'condition' && (
        <ChangeCondition assignment={opened.assignment} onDone={() => finish(texts.changed)} onClose={close} />
      )}
    </>
  )
}

type RowButtonsProps = {
  readonly registry: Registry
  readonly assignment: NamedAssignment
  readonly onOpen: (opened: Opened) => void
}

function RowButtons({ registry, assignment, onOpen }: RowButtonsProps) {
  const styles = useStyles()
  const mayAct = usePermissions(registry.id)
  const { id, isInherited } = assignment
  const inherited = isInherited ? `${texts.inheritedHint} ${scopeText(assignment.scope, registry.id)}.` : undefined
  const reasonFor = (action: string) => inherited ?? (mayAct(action) ? undefined : `${rightsTexts.lacks} ${action}.`)
  const about = `${assignment.role?.properties.roleName ?? id}, ${nameOf(assignment)}`
  return (
    <div className={styles.buttons}>
      <ActionButton
        size="small"
        reason={reasonFor(writeAction)}
        aria-label={`${texts.edit}: ${about}`}
        onClick={() => onOpen({ kind: 'condition', assignment })}
      >
        {rightsTexts.condition.label}
      </ActionButton>
      <ActionButton
        size="small"
        reason={reasonFor(deleteAction)}
        aria-label={`${rightsTexts.remove}: ${about}`}
        onClick={() => onOpen({ kind: 'remove', assignment })}
      >
        {rightsTexts.remove}
      </ActionButton>
    </div>
  )
}

function columnsOf(
  { id, properties }: Registry,
  detailClass: string,
  buttons: (assignment: NamedAssignment) => React.ReactNode,
) {
  const mode = properties.roleAssignmentMode
  return [
    {
      title: texts.principal,
      cell: (each: NamedAssignment) => (
        <>
          {nameOf(each)}
          <span className={detailClass}>
            {rightsTexts.types[each.principalType]} {each.principal?.detail}
          </span>
        </>
      ),
    },
    { title: texts.role, cell: ({ role }: NamedAssignment) => role?.properties.roleName ?? texts.goneRole },
    {
      title: texts.where,
      cell: (each: NamedAssignment) => repositoriesText(each) ?? (isOnImages(each, mode) ? texts.all : ''),
    },
    {
      title: texts.scope,
      cell: ({ scope, isInherited }: NamedAssignment) => (
        <>
          {scopeText(scope, id)} {isInherited && <Badge appearance="outline">{texts.inherited}</Badge>}
        </>
      ),
    },
    { title: texts.action, cell: buttons },
  ]
}

function isOnImages({ role }: NamedAssignment, mode: Registry['properties']['roleAssignmentMode']): boolean {
  return role !== undefined && capabilitiesOf(role, mode).length > 0
}

function matches(assignment: NamedAssignment, filter: string): boolean {
  const { principal, principalId, role, condition } = assignment
  const text = [principal?.name, principal?.detail, principalId, role?.properties.roleName, condition].join(' ')
  return text.toLowerCase().includes(filter.toLowerCase())
}
