import { Field, Select, Text, makeStyles } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { Age } from '../../components/elements/age.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { FilterField } from '../../components/elements/filter-field.tsx'
import { ListBar } from '../../components/elements/list-bar.tsx'
import type { ListQuery } from '../../components/elements/list-query.ts'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { ActorCell } from '../../components/table/cells/actor-cell.tsx'
import type { Column } from '../../components/table/columns.ts'
import { useAddressState } from '../../components/table/table-state.ts'
import { Table } from '../../components/table/table.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { type AccessSearch, parseAccessSearch } from './access-search.ts'
import { AssignmentPanel } from './assignment-panel.tsx'
import { CanBar } from './can-bar.tsx'
import { ChangeCondition } from './change-condition.tsx'
import { scopeText } from './describe.ts'
import { MayDo } from './may-do.tsx'
import { RemoveAssignment } from './remove-assignment.tsx'
import {
  type AssignmentSearch,
  type NamedAssignment,
  accessKey,
  nameOf,
  roleNameOf,
  useAssignments,
  useRoles,
} from './use-access.ts'

const texts = rightsTexts.access
const writeAction = 'Microsoft.Authorization/roleAssignments/write'

const useStyles = makeStyles({
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
      <CanBar
        // A question of another address has other texts in its fields.
        key={`${search.principal ?? ''} ${search.action ?? ''} ${search.repository ?? ''}`}
        registry={registry}
        search={search}
        onAsk={(question) => go({ ...search, ...question }, true)}
      />
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
        columns={columnsOf(registry)}
        status={texts.status(
          `${assignments.length.toLocaleString('en')}${query.hasNextPage ? '+' : ''}`,
          assignments.filter(({ isInherited }) => isInherited).length,
        )}
        panel={(each) => ({
          title: nameOf(each),
          content: (
            <AssignmentPanel
              registry={registry}
              assignment={each}
              onOpen={(kind) => setOpened({ kind, assignment: each })}
            />
          ),
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

function columnsOf({ id, properties }: Registry): readonly Column<NamedAssignment>[] {
  return [
    {
      id: 'who',
      title: texts.who,
      minWidth: 11,
      grow: 3,
      sorts: 'ascending',
      value: nameOf,
      cell: (each) => <ActorCell name={nameOf(each)} kind={kinds[each.principalType] ?? ''} />,
    },
    {
      id: 'role',
      title: words.role,
      minWidth: 8,
      grow: 3,
      sorts: 'ascending',
      value: roleNameOf,
      cell: roleNameOf,
    },
    {
      id: 'may',
      title: texts.mayDo,
      minWidth: 13,
      grow: 5,
      cell: (each) => <MayDo assignment={each} mode={properties.roleAssignmentMode} />,
    },
    {
      id: 'scope',
      title: texts.inheritedFrom,
      minWidth: 7,
      grow: 1,
      dropOrder: 1,
      sorts: 'ascending',
      value: ({ scope, isInherited }) => (isInherited ? scopeText(scope, id) : undefined),
      cell: ({ scope, isInherited }) => isInherited && scopeText(scope, id),
    },
    {
      id: 'type',
      title: texts.type,
      isExtra: true,
      cell: ({ principalType, principal }) =>
        `${rightsTexts.types[principalType]} ${principal?.detail ?? ''}`.trimEnd(),
    },
    { id: 'created', title: words.created, width: 8, isExtra: true, cell: ({ createdOn }) => <Age time={createdOn} /> },
  ]
}

/** The marks of kinds of principals: a person has a round mark. */
const kinds: Readonly<Record<string, string>> = { User: 'person' }
