import { Text } from '@fluentui/react-components'
import { type ReactNode, useState } from 'react'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Section } from '../../components/elements/page.tsx'

type RunSectionProps = {
  readonly title: string
  readonly hint: string
  /** The label of the button that starts a run. */
  readonly act: string
  /** The text of the confirmation, which says what a run does. */
  readonly means: string
  /** Why the person cannot start one. */
  readonly reason: string | undefined
  readonly isRunning: boolean
  readonly onStart: () => Promise<unknown>
  /** Further choices of the confirmation. */
  readonly choices?: ReactNode
  /** The state of the last run. */
  readonly children: ReactNode
}

/** A long run of the server: its state, and the button that starts one. */
export function RunSection(props: RunSectionProps) {
  const { title, hint, act, means, reason, isRunning, onStart, choices, children } = props
  const [isAsking, setAsking] = useState(false)
  return (
    <Section title={title}>
      <Text>{hint}</Text>
      {children}
      <div>
        <ActionButton reason={reason} disabled={isRunning} onClick={() => setAsking(true)}>
          {act}
        </ActionButton>
      </div>
      {isAsking && (
        <ConfirmDialog title={act} confirm={act} onConfirm={onStart} onClose={() => setAsking(false)}>
          <Text>{means}</Text>
          {choices}
        </ConfirmDialog>
      )}
    </Section>
  )
}
