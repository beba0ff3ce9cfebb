import { Field, Input } from '@fluentui/react-components'
import { useEffect, useState } from 'react'
import { identitiesTexts } from '../texts/identities.ts'
import { maxValueLength } from './search-params.ts'

const delayMs = 250

type FilterFieldProps = {
  readonly filter: string
  readonly label?: string
  readonly onFilter: (text: string) => void
}

/** A filter that the server applies: it is reported when the person stops typing. */
export function FilterField({ filter, label = identitiesTexts.filter, onFilter }: FilterFieldProps) {
  const [typed, setTyped] = useState(filter)
  useEffect(() => setTyped(filter), [filter])
  useEffect(() => {
    if (typed === filter) return
    const timer = setTimeout(() => onFilter(typed), delayMs)
    return () => clearTimeout(timer)
  }, [typed, filter, onFilter])
  return (
    <Field label={label}>
      <Input type="search" maxLength={maxValueLength} value={typed} onChange={(_event, { value }) => setTyped(value)} />
    </Field>
  )
}
