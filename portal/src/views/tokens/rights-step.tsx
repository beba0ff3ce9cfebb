import {
  Checkbox,
  Field,
  Radio,
  RadioGroup,
  Select,
  Text,
  Textarea,
  makeStyles,
  tokens as theme,
} from '@fluentui/react-components'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { readPatterns } from '../access-control/plan-assignments.ts'
import { type Right, type RightsChoice, actionsOf } from './new-token.ts'
import { type TokenData } from './token-rows.ts'

const texts = rightsTexts.token
const rights = Object.keys(texts.rights) as readonly Right[]

const useStyles = makeStyles({
  step: { display: 'grid', rowGap: theme.spacingVerticalM, maxWidth: '48rem' },
  rights: { display: 'flex', flexWrap: 'wrap' },
})

type RightsStepProps = {
  readonly data: TokenData
  readonly choice: RightsChoice
  readonly onChange: (choice: RightsChoice) => void
}

/** Selects the repositories and actions of a new token. */
export function RightsStep({ data, choice, onChange }: RightsStepProps) {
  const styles = useStyles()
  return (
    <div className={styles.step}>
      <Field label={texts.which}>
        <RadioGroup
          value={choice.kind}
          onChange={(_event, { value }) => onChange({ ...choice, kind: value as RightsChoice['kind'] })}
        >
          <Radio value="fresh" label={texts.fresh} />
          <Radio value="existing" label={texts.existing} />
        </RadioGroup>
      </Field>
      {choice.kind === 'existing' ? (
        <ExistingMap data={data} choice={choice} onChange={onChange} />
      ) : (
        <FreshMap choice={choice} onChange={onChange} />
      )}
    </div>
  )
}

function ExistingMap({ data, choice, onChange }: RightsStepProps) {
  const selected = data.scopeMaps.find(({ name }) => name === choice.scopeMap)
  return (
    <>
      <Field label={words.scopeMap} required>
        <Select value={choice.scopeMap} onChange={(_event, { value }) => onChange({ ...choice, scopeMap: value })}>
          <option value="" />
          {data.scopeMaps.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      {selected !== undefined && <CaptionedText label={texts.written} text={selected.properties.actions.join('\n')} />}
    </>
  )
}

function FreshMap({ choice, onChange }: Omit<RightsStepProps, 'data'>) {
  const styles = useStyles()
  const { wrong } = readPatterns(choice.patterns)
  const actions = actionsOf(choice)
  const toggle = (right: Right, isOn: boolean) => {
    const others = choice.rights.filter((each) => each !== right)
    onChange({ ...choice, rights: isOn ? [...others, right] : others })
  }
  const lacksPull = choice.rights.includes('content/write') && !choice.rights.includes('content/read')
  return (
    <>
      <Field
        label={texts.patterns}
        hint={texts.patternsHint}
        required
        validationState={wrong === undefined ? 'none' : 'error'}
        validationMessage={wrong === undefined ? null : `“${wrong}” ${rightsTexts.add.wrongPattern}`}
      >
        <Textarea
          rows={4}
          spellCheck={false}
          value={choice.patterns}
          onChange={(_event, { value }) => onChange({ ...choice, patterns: value })}
        />
      </Field>
      <div className={styles.rights} role="group" aria-label={texts.actions}>
        {rights.map((right) => (
          <Checkbox
            key={right}
            label={texts.rights[right]}
            checked={choice.rights.includes(right)}
            onChange={(_event, { checked }) => toggle(right, checked === true)}
          />
        ))}
      </div>
      {choice.rights.length === 0 && <Text>{texts.needRight}</Text>}
      {lacksPull && <Text>{texts.pushNeedsPull}</Text>}
      {actions !== undefined && <CaptionedText label={texts.written} text={actions.join('\n')} />}
    </>
  )
}
