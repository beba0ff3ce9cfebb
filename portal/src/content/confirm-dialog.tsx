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
import { ErrorView } from '../shell/error-view.tsx'
import { imagesTexts } from '../texts/images.ts'
import { useReturnOfFocus } from './use-return-of-focus.ts'

const useStyles = makeStyles({
  content: { display: 'grid', rowGap: tokens.spacingVerticalM, overflowWrap: 'anywhere' },
})

type ConfirmDialogProps = {
  readonly title: string
  /** The label of the button that acts. */
  readonly action: string
  /** What has to be typed before the button is enabled. */
  readonly typed?: string
  readonly onConfirm: () => Promise<void>
  /** Called after success and after a cancellation. */
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Asks before an act, with what follows from it. It stays open with the error if the act fails. */
export function ConfirmDialog({ title, action, typed, onConfirm, onClose, children }: ConfirmDialogProps) {
  const styles = useStyles()
  useReturnOfFocus()
  const [text, setText] = useState('')
  const act = useMutation({ mutationFn: onConfirm, onSuccess: onClose })
  const isReady = typed === undefined || text === typed
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady && !act.isPending) act.mutate()
  }
  return (
    <Dialog open modalType="modal" onOpenChange={(_event, { open }) => !open && !act.isPending && onClose()}>
      <DialogSurface aria-describedby={undefined}>
        <form onSubmit={submit}>
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent className={styles.content}>
              {children}
              {typed !== undefined && (
                <Field label={imagesTexts.confirm.type(typed)}>
                  <Input value={text} onChange={(_event, { value }) => setText(value)} autoComplete="off" />
                </Field>
              )}
              {act.isError && <ErrorView isAct error={act.error} />}
            </DialogContent>
            <DialogActions>
              <Button type="submit" appearance="primary" disabled={!isReady || act.isPending}>
                {action}
              </Button>
              <Button onClick={onClose} disabled={act.isPending}>
                {imagesTexts.cancel}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  )
}
