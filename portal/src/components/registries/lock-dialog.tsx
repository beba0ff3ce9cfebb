import { useState } from 'react'
import type { ChangeableAttributes } from '../../api/content-types.ts'
import { type ContentPlace, changeLocks } from '../../api/registry-changes.ts'
import { FormDialog } from '../elements/form-dialog.tsx'
import { imagesTexts } from '../texts/images.ts'
import { words } from '../texts/words.ts'
import { LockBoxes } from './lock-boxes.tsx'

type LockDialogProps = {
  readonly name: string
  readonly place: ContentPlace
  readonly locks: ChangeableAttributes
  readonly onClose: (isChanged: boolean) => void
}

/** Changes the locks of a repository, a tag or a manifest. */
export function LockDialog({ name, place, locks, onClose }: LockDialogProps) {
  const [chosen, setChosen] = useState(locks)
  return (
    <FormDialog
      title={imagesTexts.locks.title(name)}
      action={words.save}
      onSubmit={() => changeLocks(place, chosen).then(() => onClose(true))}
      onClose={() => onClose(false)}
    >
      <LockBoxes locks={chosen} onChange={setChosen} />
    </FormDialog>
  )
}
