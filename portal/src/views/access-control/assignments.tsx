import { Badge, Field, Select, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { FilterField } from '../../components/elements/filter-field.tsx'
import { ListBar } from '../../components/elements/list-bar.tsx'
import type { ListQuery } from '../../components/elements/list-query.ts'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { DescribedName } from '../../components/table/cells/described-name.tsx'
import type { Column } from '../../components/table/columns.ts'
import { useAddressState } from '../../components/table/table-state.ts'
import { Table } from '../../components/table/table.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { visibleName } from '../../components/texts/visible-name.ts'
import { words } from '../../components/texts/words.ts'
import { type AccessSearch, parseAccessSearch } from './access-search.ts'
import { ChangeCondition } from './change-condition.tsx'
import { capabilitiesOf, repositoriesText, scopeText } from './describe.ts'
import { RemoveAssignment } from './remove-assignment.tsx'
import {
  type AssignmentSearch,
  type NamedAssignment,
  accessKey,
  nameOf,
  useAssignments,
  useRoles,
} from './use-access.ts'

const texts = rightsTexts.access
const writeAction = 'Microsoft.Authorization/roleAssignments/write'
const deleteAction = 'Microsoft.Authorization/roleAssignments/delete'

const useStyles = makeStyles({
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  // The longest name of a role must not widen the field.
  role: { width: '18rem', maxWidth: '100%', gridTemplateColumns: 'minmax(0, 1fr)', '& select': { minWidth: 0 } },
})

type AssignmentsProps = {
  readonly registry: Registry
  readonly search: AccessSearch
  readonly go: (search: AccessSearch, replace?: boolean) => void
}

type Opened = { readonly kind: 'remove' | 'condition'; readonly assignment: NamedAssignment }

/** The role assignments of a registry, also the inherited ones. */
export function Assignments({ registry, search, go }: AssignmentsProps) {
  const styles = useStyles()
  const lacks = useLacks(registry.id)
  const navigate = useNavigate()
  const roles = useRoles(registry.id)
  const { filter = '', role } = search
  const [done, setDone] = useState<string | undefined>(search.done === undefined ? undefined : texts.assigned)
  const change = (changed: Readonly<Record<string, string>>) =>
    go(parseAccessSearch({ ...search, done: undefined, ...changed }), true)
  return (
    <Section title={texts.tabs.assignments}>
      <DoneMessage text={done} />
      <ListBar
        action={texts.add}
        reason={lacks(writeAction)}
        onAct={() => void navigate({ to: '/r/$registry/access/add', params: { registry: registry.name } })}
      >
        <FilterField filter={filter} label={texts.filter} onFilter={(value) => change({ filter: value })} />
        <Field label={words.role} className={styles.role}>
          <Select value={role ?? ''} onChange={(_event, { value }) => change({ role: value })}>
            <option value="">{texts.allRoles}</option>
            {(roles.data ?? []).map(({ name, properties }) => (
              <option key={name} value={name}>
                {properties.roleName}
              </option>
            ))}
          </Select>
        </Field>
      </ListBar>
      <AssignmentList registry={registry} search={{ filter, role }} onDone={setDone} />
      <CommandLine text={`acrux role assignment list --scope ${registry.id} --include-inherited -o table`} />
    </Section>
  )
}

type AssignmentListProps = {
  readonly registry: Registry
  readonly search: AssignmentSearch
  readonly onDone: (text: string) => void
}

function AssignmentList({ registry, search, onDone }: AssignmentListProps) {
  const query = useAssignments(registry.id, search)
  return (
    <Loaded query={query}>
      {({ pages }) => (
        <>
          {pages.some(({ isIncomplete }) => isIncomplete) && <Text>{texts.incomplete}</Text>}
          <AssignmentTable
            registry={registry}
            search={search}
            query={query}
            assignments={pages.flatMap(({ assignments }) => assignments)}
            onDone={onDone}
          />
        </>
      )}
    </Loaded>
  )
}

type AssignmentTableProps = AssignmentListProps & {
  readonly assignments: readonly NamedAssignment[]
  readonly query: ListQuery
}

function AssignmentTable({ registry, search, assignments, query, onDone }: AssignmentTableProps) {
  const lacks = useLacks(registry.id)
  const state = useAddressState()
  const [opened, setOpened] = useState<Opened>()
  const readAgain = useReadAgain()
  if (assignments.length === 0) {
    const isFiltered = search.filter !== '' || search.role !== undefined
    return <Text>{isFiltered ? texts.noMatch : `${texts.empty} ${texts.emptyNext}`}</Text>
  }
  const finish = async (text: string) => {
    await readAgain(accessKey(registry.id))
    onDone(text)
  }
  const close = () => setOpened(undefined)
  return (
    <>
      <Table
        isMain
        label={texts.tabs.assignments}
        rows={assignments}
        keyOf={({ id }) => id}
        query={query}
        state={state}
        arrangement={`${search.filter} ${search.role ?? ''}`}
        columns={columnsOf(registry, (each) => (
          <RowButtons registry={registry} assignment={each} lacks={lacks} onOpen={setOpened} />
        ))}
        panel={(each) => ({
          title: nameOf(each),
          content: <AssignmentFacts registry={registry} assignment={each} />,
        })}
      />
      {opened?.kind === 'remove' && (
        <RemoveAssignment
          registry={registry}
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
  readonly lacks: (action: string) => string | undefined
  readonly onOpen: (opened: Opened) => void
}

function RowButtons({ registry, assignment, lacks, onOpen }: RowButtonsProps) {
  const styles = useStyles()
  const { id, isInherited } = assignment
  const inherited = isInherited ? `${texts.inheritedHint} ${scopeText(assignment.scope, registry.id)}.` : undefined
  const reasonFor = (action: string) => inherited ?? lacks(action)
  const about = visibleName(`${assignment.role?.properties.roleName ?? id}, ${nameOf(assignment)}`)
  return (
    <div className={styles.buttons}>
      <ActionButton
        size="small"
        reason={reasonFor(writeAction)}
        aria-label={`${texts.edit}: ${about}`}
        onClick={() => onOpen({ kind: 'condition', assignment })}
      >
        {words.condition}
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
  registry: Registry,
  buttons: (assignment: NamedAssignment) => React.ReactNode,
): readonly Column<NamedAssignment>[] {
  const { id } = registry
  return [
    {
      id: 'who',
      title: texts.principal,
      minWidth: 12,
      grow: 2,
      sorts: 'ascending',
      value: nameOf,
      cell: (each) => (
        <DescribedName
          description={`${rightsTexts.types[each.principalType]} ${each.principal?.detail ?? ''}`.trimEnd()}
        >
          {nameOf(each)}
        </DescribedName>
      ),
    },
    {
      id: 'role',
      title: words.role,
      minWidth: 8,
      grow: 1,
      sorts: 'ascending',
      value: roleNameOf,
      cell: roleNameOf,
    },
    { id: 'where', title: texts.where, minWidth: 8, grow: 1, cell: (each) => whereText(registry, each) },
    {
      id: 'scope',
      title: words.scope,
      minWidth: 8,
      dropOrder: 1,
      cell: ({ scope, isInherited }) => (
        <>
          {scopeText(scope, id)} {isInherited && <Badge appearance="outline">{texts.inherited}</Badge>}
        </>
      ),
    },
    { id: 'action', title: words.action, width: 13, onPhone: 'end', cell: buttons },
  ]
}

const roleNameOf = ({ role }: NamedAssignment) => role?.properties.roleName ?? texts.goneRole

/** The repositories of an assignment in words. */
function whereText({ properties }: Registry, assignment: NamedAssignment): string {
  const { role, condition } = assignment
  if (condition === null) return isOnImages(assignment, properties.roleAssignmentMode) ? texts.all : ''
  return repositoriesText(role?.properties.roleName, condition) ?? ''
}

type AssignmentFactsProps = { readonly registry: Registry; readonly assignment: NamedAssignment }

/** What a role assignment is, with its condition as it was written. */
function AssignmentFacts({ registry, assignment }: AssignmentFactsProps) {
  const { principalId, principalType, principal, scope, condition } = assignment
  return (
    <>
      <Facts
        facts={[
          [words.kind, `${rightsTexts.types[principalType]} ${principal?.detail ?? ''}`],
          [words.objectId, <code key="id">{principalId}</code>],
          [words.role, roleNameOf(assignment)],
          [texts.where, whereText(registry, assignment)],
          [words.scope, scopeText(scope, registry.id)],
        ]}
      />
      {condition !== null && <CopyText label={words.condition} text={condition} />}
    </>
  )
}

function isOnImages({ role }: NamedAssignment, mode: Registry['properties']['roleAssignmentMode']): boolean {
  return role !== undefined && capabilitiesOf(role, mode).length > 0
}
