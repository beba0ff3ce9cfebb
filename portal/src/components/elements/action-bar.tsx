import { Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useId } from 'react'
import { words } from '../texts/words.ts'
import { useOffReason } from './action-button.tsx'

const useStyles = makeStyles({
  bar: { display: 'grid', rowGap: tokens.spacingVerticalXS },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  reason: { color: tokens.colorNeutralForeground2 },
})

/** An action on the object that the view shows. With a reason, it is disabled. */
export type Action = {
  readonly label: string
  readonly reason?: string | undefined
  readonly isPrimary?: boolean
  readonly act: () => void
}

/** The acts of a view. The reasons of disabled ones are below them, so that they need no pointer to be read. */
export function ActionBar({ actions: all }: { readonly actions: readonly Action[] }) {
  const styles = useStyles()
  const id = useId()
  const offReason = useOffReason()
  const actions = all.map(({ reason = offReason, ...action }) => ({ ...action, reason }))
  const reasons = [...new Set(actions.flatMap(({ reason }) => (reason === undefined ? [] : [reason])))]
  return (
    <div className={styles.bar} role="group" aria-label={words.actions}>
      <div className={styles.buttons}>
        {actions.map(({ label, reason, isPrimary = false, act }) => (
          <Button
            key={label}
            appearance={isPrimary ? 'primary' : 'secondary'}
            disabledFocusable={reason !== undefined}
            {...(reason !== undefined && { 'aria-describedby': `${id}-${reasons.indexOf(reason)}` })}
            onClick={act}
          >
            {label}
          </Button>
        ))}
      </div>
      {reasons.map((reason, index) => (
        <Text key={reason} id={`${id}-${index}`} size={200} className={styles.reason}>
          {reason}
        </Text>
      ))}
    </div>
  )
}
