import { Field, Select } from '@fluentui/react-components'
import { rightsTexts } from '../../components/texts/rights.ts'

const texts = rightsTexts.token
const choices = [7, 30, 90, 180, 365] as const

/** How long a password is valid unless another time is selected. */
export const defaultDays = 90

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

/** The expiry of a password that is generated now. */
export function expiryOf(days: number): { readonly expiry?: string } {
  if (days === 0) return {}
  return { expiry: new Date(Date.now() + days * 24 * 60 * 60 * 1000).toISOString() }
}
