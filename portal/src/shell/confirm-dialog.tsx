import {
  Button,
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
import type { ReactNode } from 'react'
import { rightsTexts } from '../texts/rights.ts'
import { ErrorView } from './error-view.tsx'

const useStyles = makeStyles({
  content: { display: 'grid', rowGap: tokens.spacingVerticalM, overflowWrap: 'anywhere' },
})

type ConfirmDialogProps = {
  readonly title: string
  /** What will happen, and what will be lost. */
  readonly children: ReactNode
  readonly confirm: string
  readonly onConfirm: () => Promise<unknown>
  readonly onClose: () => void
  readonly isDisabled?: boolean
}

/** Asks before an act. It stays open if the act fails, and says why. */
export function ConfirmDialog({ title, children, confirm, onConfirm, onClose, isDisabled }: ConfirmDialogProps) {
  const styles = useStyles()
  const act = useMutation({ mutationFn: onConfirm, onSuccess: onClose })
  return (
    <Dialog open onOpenChange={(_event, { open }) => !open && !act.isPending && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent className={styles.content}>
            {children}
            {act.isError && <ErrorView error={act.error} />}
          </DialogContent>
          <DialogActions fluid>
            <Button disabled={act.isPending} onClick={onClose}>
              {rightsTexts.cancel}
            </Button>
            <Button appearance="primary" disabled={act.isPending || isDisabled === true} onClick={() => act.mutate()}>
              {confirm}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
