import { Field, Input } from '@fluentui/react-components'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/texts.ts'
import { FormDialog } from './form-dialog.tsx'

type ConfirmDialogProps = {
  readonly title: string
  /** What will happen, and what will be lost. */
  readonly children: ReactNode
  /** The label of the button that acts. */
  readonly confirm: string
  /** What has to be typed before the button is enabled. */
  readonly typed?: string
  readonly isDisabled?: boolean
  /** Whether something is lost. */
  readonly isDanger?: boolean
  readonly onConfirm: () => Promise<unknown>
  /** Called after success and after a cancellation. */
  readonly onClose: () => void
}

/** Asks before an act. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, children, confirm, typed = '', isDisabled = false, isDanger = false, onConfirm, onClose } = props
  const [text, setText] = useState('')
  const isReady = !isDisabled && text === typed
  return (
    <FormDialog
      title={title}
      action={confirm}
      isReady={isReady}
      isDanger={isDanger}
      onSubmit={() => onConfirm().then(onClose)}
      onClose={onClose}
    >
      {children}
      {typed !== '' && (
        <Field label={texts.toConfirm(typed)}>
          <Input value={text} onChange={(_event, { value }) => setText(value)} autoComplete="off" />
        </Field>
      )}
    </FormDialog>
  )
}
