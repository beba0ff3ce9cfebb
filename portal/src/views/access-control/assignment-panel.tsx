import { parseRoleCondition } from '@acrux/shared/standards/conditions/role-condition-parser.ts'
import { Badge, Subtitle2, Text, makeStyles, tokens } from '@fluentui/react-components'
import type { Registry } from '../../api/registry-document.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { formatExact } from '../../components/texts/format.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { visibleName } from '../../components/texts/visible-name.ts'
import { words } from '../../components/texts/words.ts'
import { scopeText } from './describe.ts'
import { imageActions, managedBy, matrixOf, permittedParts } from './permitted.ts'
import { type NamedAssignment, heldRole, nameOf, roleNameOf, usePrincipalName } from './use-access.ts'

const texts = rightsTexts.access
const writeAction = 'Microsoft.Authorization/roleAssignments/write'
const deleteAction = 'Microsoft.Authorization/roleAssignments/delete'
const deniedDays = 7

const useStyles = makeStyles({
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  heading: { margin: 0, display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  matrix: {
    width: '100%',
    borderCollapse: 'collapse',
    fontSize: tokens.fontSizeBase200,
    '& th, & td': {
      padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalXS}`,
      textAlign: 'left',
      fontWeight: tokens.fontWeightRegular,
      overflowWrap: 'anywhere',
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    },
    '& tbody th': { fontFamily: tokens.fontFamilyMonospace },
    '& td': { whiteSpace: 'nowrap' },
  },
  yes: { color: tokens.colorStatusSuccessForeground1 },
  danger: {
    marginLeft: 'auto',
    color: tokens.colorStatusDangerForeground1,
    borderTopColor: tokens.colorStatusDangerBorder2,
    borderRightColor: tokens.colorStatusDangerBorder2,
    borderBottomColor: tokens.colorStatusDangerBorder2,
    borderLeftColor: tokens.colorStatusDangerBorder2,
  },
})

type AssignmentPanelProps = {
  readonly registry: Registry
  readonly assignment: NamedAssignment
  readonly onOpen: (kind: 'remove' | 'condition') => void
}

/** What a role assignment permits, by which condition, who gave it, and what changes it. */
export function AssignmentPanel({ registry, assignment, onOpen }: AssignmentPanelProps) {
  const styles = useStyles()
  const { principalId, principalType, principal, condition, createdBy, createdOn } = assignment
  const givenBy = usePrincipalName(createdBy)
  const from = new Date(Date.parse(new Date().toDateString()) - deniedDays * 24 * 3_600_000).toISOString()
  return (
    <>
      <Matrix registry={registry} assignment={assignment} />
      {condition !== null && <Condition text={condition} />}
      <Facts
        facts={[
          [words.role, roleNameOf(assignment)],
          [words.scope, scopeText(assignment.scope, registry.id)],
          [words.kind, `${rightsTexts.types[principalType]} ${principal?.detail ?? ''}`.trimEnd()],
          [words.objectId, <code key="id">{principalId}</code>],
          [texts.givenBy, givenBy ?? createdBy],
          [words.created, formatExact(createdOn)],
          [
            texts.denied,
            <AppLink
              key="denied"
              to="/r/$registry/audit"
              params={{ registry: registry.name }}
              search={{ principal: principalId, outcome: 'refused', from }}
            >
              {texts.showDenied}
            </AppLink>,
          ],
        ]}
      />
      <div className={styles.buttons}>
        <Buttons registry={registry} assignment={assignment} onOpen={onOpen} />
      </div>
    </>
  )
}

function Matrix({ registry, assignment }: Omit<AssignmentPanelProps, 'onOpen'>) {
  const styles = useStyles()
  const role = heldRole(assignment)
  const mode = registry.properties.roleAssignmentMode
  const isOnImages = permittedParts(role, mode).length > 0
  const rows = matrixOf(role, mode)
  return (
    <>
      <Subtitle2 as="h3" className={styles.heading}>
        {texts.permits}
      </Subtitle2>
      {isOnImages ? (
        <table className={styles.matrix}>
          <thead>
            <tr>
              <th scope="col">{words.repository}</th>
              {imageActions.map((action) => (
                <th key={action} scope="col">
                  {texts.columns[action]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ pattern, answers }) => (
              <tr key={pattern ?? ''}>
                <th scope="row">{pattern ?? (rows.length === 1 ? texts.all : texts.others)}</th>
                {imageActions.map((action) => (
                  <td key={action} className={answers[action] === 'yes' ? styles.yes : undefined}>
                    {texts.answers[answers[action]]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <Text>{texts.manages[managedBy(role)]}</Text>
      )}
    </>
  )
}

function Condition({ text }: { readonly text: string }) {
  const styles = useStyles()
  const isValid = 'condition' in parseRoleCondition(text)
  return (
    <>
      <Subtitle2 as="h3" className={styles.heading}>
        {words.condition}
        <Badge appearance="tint" color={isValid ? 'success' : 'danger'}>
          {isValid ? texts.checked : texts.unreadable}
        </Badge>
      </Subtitle2>
      <CopyText label={words.condition} text={text} />
    </>
  )
}

function Buttons({ registry, assignment, onOpen }: AssignmentPanelProps) {
  const styles = useStyles()
  const lacks = useLacks(registry.id)
  const inherited = assignment.isInherited
    ? `${texts.inheritedHint} ${scopeText(assignment.scope, registry.id)}.`
    : undefined
  const about = visibleName(`${roleNameOf(assignment)}, ${nameOf(assignment)}`)
  return (
    <>
      <ActionButton
        reason={inherited ?? lacks(writeAction)}
        aria-label={`${texts.edit}: ${about}`}
        onClick={() => onOpen('condition')}
      >
        {texts.change}
      </ActionButton>
      <ActionButton
        className={styles.danger}
        reason={inherited ?? lacks(deleteAction)}
        aria-label={`${rightsTexts.remove}: ${about}`}
        onClick={() => onOpen('remove')}
      >
        {texts.removeEllipsis}
      </ActionButton>
    </>
  )
}
