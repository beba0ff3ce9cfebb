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
} from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type ContentPlace, changeLocks } from '../api/registry-changes.ts'
import type { ChangeableAttributes } from '../api/registry-types.ts'
import { ErrorView } from '../shell/error-view.tsx'
import { imagesTexts } from '../texts/images.ts'
import { texts } from '../texts.ts'
import { useReturnOfFocus } from '../shell/use-return-of-focus.ts'

const view = imagesTexts.locks
const attributes = ['writeEnabled', 'deleteEnabled', 'readEnabled', 'listEnabled'] as const

const useStyles = makeStyles({ content: { display: 'grid', overflowWrap: 'anywhere' } })

type LockDialogProps = {
  readonly name: string
  readonly place: ContentPlace
  readonly locks: ChangeableAttributes
  readonly onClose: (isChanged: boolean) => void
}

/** Whether something is locked in any way. */
export const isLocked = (locks: ChangeableAttributes) => attributes.some((attribute) => !locks[attribute])

/** Whether the locks forbid that it is deleted. */
export const isUndeletable = ({ deleteEnabled, writeEnabled }: ChangeableAttributes) => !deleteEnabled || !writeEnabled

/** Changes the locks of a repository, a tag or a manifest. */
export function LockDialog({ name, place, locks, onClose }: LockDialogProps) {
  const styles = useStyles()
  useReturnOfFocus()
  const [chosen, setChosen] = useState(locks)
  const change = useMutation({ mutationFn: () => changeLocks(place, chosen), onSuccess: () => onClose(true) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <Dialog open onOpenChange={(_event, { open }) => !open && onClose(false)}>
      <DialogSurface aria-describedby={undefined}>
        <form onSubmit={submit}>
          <DialogBody>
            <DialogTitle>{view.title(name)}</DialogTitle>
            <DialogContent className={styles.content}>
              <Text>{view.hint}</Text>
              {attributes.map((attribute) => (
                <Checkbox
                  key={attribute}
                  label={view[attribute]}
                  checked={chosen[attribute]}
                  onChange={(_event, { checked }) => setChosen({ ...chosen, [attribute]: checked === true })}
                />
              ))}
              {change.isError && <ErrorView isAct error={change.error} />}
            </DialogContent>
            <DialogActions>
              <Button type="submit" appearance="primary" disabled={change.isPending}>
                {imagesTexts.save}
              </Button>
              <Button onClick={() => onClose(false)}>{texts.cancel}</Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  )
}
