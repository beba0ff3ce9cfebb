import { parseKnownCondition } from '@acrux/shared/standards/conditions/role-condition-names.ts'
import { Button, Field, Textarea, makeStyles, tokens } from '@fluentui/react-components'
import { useId } from 'react'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'

const texts = rightsTexts.condition

const useStyles = makeStyles({
  editor: { display: 'grid', rowGap: tokens.spacingVerticalS },
  text: { fontFamily: tokens.fontFamilyMonospace },
})

type ConditionEditorProps = { readonly value: string; readonly onChange: (text: string) => void }

/** A text field for a condition. It says at which character an error is. */
export function ConditionEditor({ value, onChange }: ConditionEditorProps) {
  const styles = useStyles()
  const id = useId()
  const reading = value.trim() === '' ? undefined : parseKnownCondition(value)
  const failure = reading !== undefined && 'problem' in reading ? reading : undefined
  const goTo = (position: number) => {
    const field = document.getElementById(id)
    if (!(field instanceof HTMLTextAreaElement)) return
    field.focus()
    field.setSelectionRange(position - 1, position)
  }
  return (
    <div className={styles.editor}>
      <Field
        label={words.condition}
        hint={texts.hint}
        validationState={reading === undefined ? 'none' : failure === undefined ? 'success' : 'error'}
        validationMessage={messageOf(reading, failure)}
      >
        <Textarea
          id={id}
          rows={6}
          resize="vertical"
          spellCheck={false}
          textarea={{ className: styles.text }}
          value={value}
          onChange={(_event, { value: text }) => onChange(text)}
        />
      </Field>
      {failure !== undefined && (
        <div>
          <Button size="small" onClick={() => goTo(failure.position)}>
            {texts.goTo} {failure.position}
          </Button>
        </div>
      )}
    </div>
  )
}

function messageOf(
  reading: object | undefined,
  failure: { readonly problem: string; readonly position: number } | undefined,
) {
  if (failure !== undefined) return `${texts.problem} ${failure.position}: ${failure.problem}.`
  return reading === undefined ? texts.none : texts.valid
}
