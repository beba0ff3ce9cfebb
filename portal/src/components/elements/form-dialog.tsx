import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { texts } from '../texts/texts.ts'
import { visibleName } from '../texts/visible-name.ts'
import { ErrorView } from './error-view.tsx'
import { useReturnOfFocus } from './use-return-of-focus.ts'

const column = {
  display: 'grid',
  gridTemplateColumns: 'minmax(0, 1fr)',
  rowGap: tokens.spacingVerticalM,
  overflowWrap: 'anywhere',
} as const

const useStyles = makeStyles({ content: column, result: { ...column, outlineStyle: 'none' } })

type FormDialogProps = {
  readonly title: string
  /** The label of the button that acts. */
  readonly action: string
  readonly isReady?: boolean
  readonly onSubmit: () => Promise<unknown>
  readonly onClose: () => void
  /** The result of the action. It replaces the form, and the dialog stays open until it is closed. */
  readonly result?: ReactNode
  /** A result that is shown only here. The dialog is closed only after the person confirms that it is stored. */
  readonly secret?: ReactNode
  readonly children?: ReactNode
}

/** A form, or a question before an action. It stays open and shows the error if the action fails. */
export function FormDialog(props: FormDialogProps) {
  const { title, action, isReady = true, onSubmit, onClose, secret, result = secret, children } = props
  const styles = useStyles()
  useReturnOfFocus()
  const act = useMutation({ mutationFn: onSubmit })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady && !act.isPending) act.mutate()
  }
  const isDone = result !== undefined
  const [isStored, setStored] = useState(false)
  const isKept = secret !== undefined && !isStored
  const shown = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // The button that had the focus is gone.
    if (isDone) shown.current?.focus()
  }, [isDone])
  return (
    <Dialog
      open
      onOpenChange={(_event, { open }) => {
        // Neither Esc nor a click beside the dialog closes a secret that is shown once.
        if (!open && !act.isPending && secret === undefined) onClose()
      }}
    >
      <DialogSurface aria-describedby={undefined}>
        <form onSubmit={submit}>
          <DialogBody>
            <DialogTitle>{visibleName(title)}</DialogTitle>
            <DialogContent className={styles.content}>
              {isDone ? (
                <div ref={shown} tabIndex={-1} className={styles.result}>
                  {result}
                  {secret !== undefined && (
                    <Checkbox
                      label={texts.stored}
                      checked={isStored}
                      onChange={(_event, { checked }) => setStored(checked === true)}
                    />
                  )}
                </div>
              ) : (
                children
              )}
              {!isDone && act.isError && <ErrorView isAct error={act.error} />}
            </DialogContent>
            <DialogActions fluid>
              {!isDone && (
                <Button type="submit" appearance="primary" disabledFocusable={!isReady || act.isPending}>
                  {action}
                </Button>
              )}
              <Button onClick={isKept ? undefined : onClose} disabled={act.isPending} disabledFocusable={isKept}>
                {isDone ? texts.close : texts.cancel}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  )
}
