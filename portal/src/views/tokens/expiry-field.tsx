import { Field, Select } from '@fluentui/react-components'
import { rightsTexts } from '../../components/texts/rights.ts'

const texts = rightsTexts.token
const choices = [7, 30, 90, 180, 365] as const

type ExpiryFieldProps = {
  /** 0 for a password without an expiry. */
  readonly days: number
  readonly onChange: (days: number) => void
}

/** Selects how long a password is valid. */
export function ExpiryField({ days, onChange }: ExpiryFieldProps) {
  return (
    <Field label={texts.expiry}>
      <Select value={String(days)} onChange={(_event, { value }) => onChange(Number(value))}>
        {choices.map((each) => (
          <option key={each} value={each}>
            {each} {texts.days}
          </option>
        ))}
        <option value={0}>{texts.forever}</option>
      </Select>
    </Field>
  )
}
