import { Badge, Field, Select, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { DataTable } from '../../components/elements/data-table.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { FilterField } from '../../components/elements/filter-field.tsx'
import { Name } from '../../components/elements/name.tsx'
import { ListBar } from '../../components/elements/list-bar.tsx'
import { LoadMore } from '../../components/elements/load-more.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { texts as shared } from '../../components/texts/texts.ts'
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
  const styles = useStyles()
  const lacks = useLacks(registry.id)
  const navigate = useNavigate()
  const roles = useRoles(registry.id)
  const { filter = '', role } = search
  const [done, setDone] = useState<string | undefined>(search.done === undefined ? undefined : texts.assigned)
  const change = (changed: Readonly<Record<string, string>>) =>
    go(parseAccessSearch({ filter, role, ...changed }), true)
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
      <CaptionedText
        label={shared.commandLine}
        text={`acrux role assignment list --scope ${registry.id} --include-inherited -o table`}
      />
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
    <>
      <Loaded query={query}>
        {({ pages }) => (
          <>
            <AssignmentTable
              registry={registry}
              search={search}
              assignments={pages.flatMap(({ assignments }) => assignments)}
              onDone={onDone}
            />
            {pages.some(({ isIncomplete }) => isIncomplete) && <Text>{texts.incomplete}</Text>}
          </>
        )}
      </Loaded>
      <LoadMore query={query} />
    </>
  )
}

type AssignmentTableProps = AssignmentListProps & { readonly assignments: readonly NamedAssignment[] }

function AssignmentTable({ registry, search, assignments, onDone }: AssignmentTableProps) {
  const styles = useStyles()
  const lacks = useLacks(registry.id)
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
      <DataTable
        label={texts.tabs.assignments}
        rows={assignments}
        keyOf={({ id }) => id}
        columns={columnsOf(registry, styles.detail, (each) => (
          <RowButtons registry={registry} assignment={each} lacks={lacks} onOpen={setOpened} />
        ))}
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
          <Name>{nameOf(each)}</Name>
          <span className={detailClass}>
            {rightsTexts.types[each.principalType]} {each.principal?.detail}
          </span>
        </>
      ),
    },
    { title: words.role, cell: ({ role }: NamedAssignment) => role?.properties.roleName ?? texts.goneRole },
    {
      title: texts.where,
      cell: (each: NamedAssignment) => {
        const { condition } = each
        if (condition === null) return isOnImages(each, mode) ? texts.all : ''
        return (
          <details>
            <summary>{repositoriesText(each.role?.properties.roleName, condition)}</summary>
            <code>{condition}</code>
          </details>
        )
      },
    },
    {
      title: words.scope,
      cell: ({ scope, isInherited }: NamedAssignment) => (
        <>
          {scopeText(scope, id)} {isInherited && <Badge appearance="outline">{texts.inherited}</Badge>}
        </>
      ),
    },
    { title: words.action, cell: buttons },
  ]
}

function isOnImages({ role }: NamedAssignment, mode: Registry['properties']['roleAssignmentMode']): boolean {
  return role !== undefined && capabilitiesOf(role, mode).length > 0
}
