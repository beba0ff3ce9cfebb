import { Field, SearchBox, Text, makeStyles, tokens } from '@fluentui/react-components'
import { rightsTexts } from '../texts/rights.ts'
import { ActionButton } from './action-button.tsx'

const useStyles = makeStyles({
  bar: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: tokens.spacingHorizontalM },
  filter: { flexGrow: 1, maxWidth: '24rem' },
})

type ListBarProps = {
  readonly filter: string
  readonly onFilter: (text: string) => void
  /** The label of the button that adds to the list, and why the person may not. */
  readonly action: string
  readonly reason: string | undefined
  readonly onAct: () => void
}

/** The bar above a list: its filter, and the button that adds to the list, or the reason why it is disabled. */
export function ListBar({ filter, onFilter, action, reason, onAct }: ListBarProps) {
  const styles = useStyles()
  return (
    <>
      <div className={styles.bar}>
        <Field label={rightsTexts.filter} className={styles.filter}>
          <SearchBox value={filter} onChange={(_event, { value }) => onFilter(value)} />
        </Field>
        <ActionButton appearance="primary" reason={reason} onClick={onAct}>
          {action}
        </ActionButton>
      </div>
      <ReadOnlyReason reason={reason} />
    </>
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
