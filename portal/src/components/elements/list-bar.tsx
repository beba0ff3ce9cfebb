import { Field, SearchBox, Text, makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { rightsTexts } from '../texts/rights.ts'
import { words } from '../texts/words.ts'
import { ActionButton } from './action-button.tsx'
import { maxValueLength } from './search-params.ts'

const useStyles = makeStyles({
  bar: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: tokens.spacingHorizontalM },
  filter: { flexGrow: 1, maxWidth: '24rem', minWidth: '12rem' },
})

type ListBarProps = {
  /** The fields that filter the list. */
  readonly children: ReactNode
  /** The label of the button that adds to the list, and why the person may not. */
  readonly action: string
  readonly reason: string | undefined
  readonly onAct: () => void
}

/** The bar above a list: its filter, and the button that adds to the list, or the reason why it is disabled. */
export function ListBar({ children, action, reason, onAct }: ListBarProps) {
  const styles = useStyles()
  return (
    <>
      <div className={styles.bar}>
        {children}
        <ActionButton appearance="primary" reason={reason} onClick={onAct}>
          {action}
        </ActionButton>
      </div>
      <ReadOnlyReason reason={reason} />
    </>
  )
}

type ListFilterProps = {
  readonly label?: string
  readonly filter: string
  readonly onFilter: (text: string) => void
}

/** The filter of a list that is loaded as a whole. */
export function ListFilter({ label = words.filter, filter, onFilter }: ListFilterProps) {
  const styles = useStyles()
  return (
    <Field label={label} className={styles.filter}>
      <SearchBox maxLength={maxValueLength} value={filter} onChange={(_event, { value }) => onFilter(value)} />
    </Field>
  )
}

/** Says that the person can only read, and why. */
export function ReadOnlyReason({ reason }: { readonly reason: string | undefined }) {
  if (reason === undefined) return null
  return (
    <Text>
      {rightsTexts.readOnly} {reason}
    </Text>
  )
}
