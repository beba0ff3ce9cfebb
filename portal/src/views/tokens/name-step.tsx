import { Field, Input, makeStyles } from '@fluentui/react-components'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'

const texts = rightsTexts.token
const useStyles = makeStyles({ field: { maxWidth: '24rem' } })

type NameStepProps = {
  readonly name: string
  readonly fault: string | undefined
  readonly onChange: (name: string) => void
}

/** The name of a new token. */
export function NameStep({ name, fault, onChange }: NameStepProps) {
  const styles = useStyles()
  return (
    <Field
      className={styles.field}
      label={words.name}
      hint={texts.nameHint}
      required
      validationState={fault === undefined ? 'none' : 'error'}
      validationMessage={fault ?? null}
    >
      <Input value={name} spellCheck={false} onChange={(_event, { value }) => onChange(value.trim())} />
    </Field>
  )
}
