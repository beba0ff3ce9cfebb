import { Text } from '@fluentui/react-components'
import { ConfirmDialog } from '../elements/confirm-dialog.tsx'
import { visibleName } from '../texts/visible-name.ts'

/** A question before an action, which says what the action does. */
export type Question = {
  readonly title: string
  readonly text: string
  readonly action: string
  readonly act: () => Promise<unknown>
}

/** Asks a question. It closes when the action is done. */
export function Confirm({ question, onClose }: { readonly question: Question; readonly onClose: () => void }) {
  const { title, text, action, act } = question
  return (
    <ConfirmDialog title={title} confirm={action} onConfirm={act} onClose={onClose}>
      <Text>{visibleName(text)}</Text>
    </ConfirmDialog>
  )
}
