import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { texts } from '../texts.ts'
import { ErrorView } from './error-view.tsx'
import { useReturnOfFocus } from './use-return-of-focus.ts'

const useStyles = makeStyles({
  content: { display: 'grid', rowGap: tokens.spacingVerticalM, overflowWrap: 'anywhere' },
})

type ConfirmDialogProps = {
  readonly title: string
  /** What will happen, and what will be lost. */
  readonly children: ReactNode
  /** The label of the button that acts. */
  readonly confirm: string
  /** What has to be typed before the button is enabled. */
  readonly typed?: string
  readonly isDisabled?: boolean
  readonly onConfirm: () => Promise<unknown>
  /** Called after success and after a cancellation. */
  readonly onClose: () => void
}

/** Asks before an act. It stays open if the act fails, and says why. */
export function ConfirmDialog({
  title,
  children,
  confirm,
  typed = '',
  isDisabled = false,
  onConfirm,
  onClose,
}: ConfirmDialogProps) {
  const styles = useStyles()
  useReturnOfFocus()
  const [text, setText] = useState('')
  const act = useMutation({ mutationFn: onConfirm, onSuccess: onClose })
  const isBlocked = isDisabled || act.isPending || text !== typed
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isBlocked) act.mutate()
  }
  return (
    <Dialog open onOpenChange={(_event, { open }) => !open && !act.isPending && onClose()}>
      <DialogSurface aria-describedby={undefined}>
        <form onSubmit={submit}>
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent className={styles.content}>
              {children}
              {typed !== '' && (
                <Field label={texts.toConfirm(typed)}>
                  <Input value={text} onChange={(_event, { value }) => setText(value)} autoComplete="off" />
                </Field>
              )}
              {act.isError && <ErrorView isAct error={act.error} />}
            </DialogContent>
            <DialogActions fluid>
              <Button disabled={act.isPending} onClick={onClose}>
                {texts.cancel}
              </Button>
              <Button type="submit" appearance="primary" disabled={isBlocked}>
                {confirm}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  )
}
