import { Field, Radio, RadioGroup, Text, Textarea, makeStyles, tokens } from '@fluentui/react-components'
import type { Registry } from '../../api/registry-document.ts'
import type { RoleDefinition } from '../../api/types.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { ConditionEditor } from './condition-editor.tsx'
import { type Place, conditionOf, readPatterns, type PlaceChoice, placeOf } from './plan-assignments.ts'

const texts = rightsTexts.add

const useStyles = makeStyles({ step: { display: 'grid', rowGap: tokens.spacingVerticalM, maxWidth: '48rem' } })

type WhereStepProps = {
  readonly registry: Registry
  readonly role: RoleDefinition
  readonly choice: PlaceChoice
  readonly onChange: (choice: PlaceChoice) => void
}

/** Selects the repositories to which the role applies, and shows the condition. */
export function WhereStep({ registry, role, choice, onChange }: WhereStepProps) {
  const styles = useStyles()
  const isPerRepository = registry.properties.roleAssignmentMode === 'AbacRepositoryPermissions'
  const hasRepositories = role.properties.permissions.some(({ dataActions }) => dataActions.length > 0)
  const reason = isPerRepository ? (hasRepositories ? undefined : texts.noRepositoryRole) : texts.noPatterns
  return (
    <div className={styles.step}>
      <RadioGroup
        aria-label={texts.steps.where}
        value={choice.kind}
        onChange={(_event, { value }) => onChange({ ...choice, kind: value as Place['kind'] })}
      >
        <Radio value="all" label={words.wholeRegistry} />
        <Radio value="patterns" label={texts.patterns} disabled={reason !== undefined} />
        <Radio value="condition" label={texts.condition} />
      </RadioGroup>
      {reason !== undefined && <Text>{reason}</Text>}
      {!isPerRepository && (
        <div>
          <AppLink to="/r/$registry/access" params={{ registry: registry.name }} search={{ tab: 'mode' }}>
            {rightsTexts.access.tabs.mode}
          </AppLink>
        </div>
      )}
      {choice.kind === 'patterns' && <Patterns choice={choice} onChange={onChange} />}
      {choice.kind === 'condition' && (
        <ConditionEditor value={choice.condition} onChange={(condition) => onChange({ ...choice, condition })} />
      )}
    </div>
  )
}

function Patterns({ choice, onChange }: Pick<WhereStepProps, 'choice' | 'onChange'>) {
  const { wrong } = readPatterns(choice.patterns)
  const place = placeOf(choice)
  const message =
    wrong === undefined ? (place === undefined ? texts.needPattern : null) : `“${wrong}” ${texts.wrongPattern}`
  return (
    <>
      <Field
        label={texts.patterns}
        hint={texts.patternsHint}
        validationState={wrong === undefined ? 'none' : 'error'}
        validationMessage={message}
      >
        <Textarea
          rows={4}
          spellCheck={false}
          value={choice.patterns}
          onChange={(_event, { value }) => onChange({ ...choice, patterns: value })}
        />
      </Field>
      {place !== undefined && (
        <CaptionedText label={texts.writtenCondition} text={conditionOf(place) ?? rightsTexts.access.all} />
      )}
    </>
  )
}
