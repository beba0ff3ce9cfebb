import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Text,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { texts } from '../texts/texts.ts'
import { visibleName } from '../texts/visible-name.ts'
import { useOffReason } from './action-button.tsx'
import { ErrorView } from './error-view.tsx'
import { useReturnOfFocus } from './use-return-of-focus.ts'

const column = {
  display: 'grid',
  gridTemplateColumns: 'minmax(0, 1fr)',
  rowGap: tokens.spacingVerticalM,
  overflowWrap: 'anywhere',
} as const

const useStyles = makeStyles({
  content: column,
  result: { ...column, outlineStyle: 'none' },
  danger: {
    color: '#ffffff',
    backgroundColor: '#b10e1c',
    ':hover': { color: '#ffffff', backgroundColor: '#960b18' },
    ':hover:active': { color: '#ffffff', backgroundColor: '#7a0914' },
    // As other buttons that cannot be used.
    '&[aria-disabled=true]': {
      color: tokens.colorNeutralForegroundDisabled,
      backgroundColor: tokens.colorNeutralBackgroundDisabled,
    },
  },
})

type FormDialogProps = {
  readonly title: string
  /** The label of the button that acts. */
  readonly action: string
  readonly isReady?: boolean
  /** Whether something is lost. The button is then red, and Cancel has the focus. */
  readonly isDanger?: boolean
  readonly onSubmit: () => Promise<unknown>
  readonly onClose: () => void
  /** How far the action is, while it runs. */
  readonly progress?: ReactNode
  /** The result of the action. It replaces the form, and the dialog stays open until it is closed. */
  readonly result?: ReactNode
  /** A result that is shown only here. The dialog is closed only after the person confirms that it is stored. */
  readonly secret?: ReactNode
  readonly children?: ReactNode
}

/** A form, or a question before an action. It stays open and shows the error if the action fails. */
export function FormDialog(props: FormDialogProps) {
  const {
    title,
    action,
    isReady = true,
    isDanger = false,
    onSubmit,
    onClose,
    progress,
    secret,
    result = secret,
    children,
  } = props
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
  const submitButton = !isDone && (
    <SubmitButton action={action} isDanger={isDanger} isDisabled={!isReady || act.isPending} />
  )
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
                <>
                  {children}
                  {act.isPending && progress}
                  {act.isError && <ErrorView isAct error={act.error} />}
                  <OffReason />
                </>
              )}
            </DialogContent>
            <DialogActions fluid>
              {!isDanger && submitButton}
              <Button onClick={isKept ? undefined : onClose} disabled={act.isPending} disabledFocusable={isKept}>
                {isDone ? texts.close : texts.cancel}
              </Button>
              {isDanger && submitButton}
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  )
}

type SubmitButtonProps = { readonly action: string; readonly isDisabled: boolean; readonly isDanger: boolean }

function SubmitButton({ action, isDisabled, isDanger }: SubmitButtonProps) {
  const styles = useStyles()
  const isOff = useOffReason() !== undefined
  return (
    <Button
      type="submit"
      appearance="primary"
      className={mergeClasses(isDanger && styles.danger)}
      disabledFocusable={isDisabled || isOff}
    >
      {action}
    </Button>
  )
}

function OffReason() {
  const reason = useOffReason()
  return reason && <Text>{reason}</Text>
}
