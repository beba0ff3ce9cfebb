import { Checkbox, Text } from '@fluentui/react-components'
import { useState } from 'react'
import type { ChangeableAttributes } from '../../api/content-types.ts'
import { type ContentPlace, changeLocks } from '../../api/registry-changes.ts'
import { FormDialog } from '../elements/form-dialog.tsx'
import { imagesTexts } from '../texts/images.ts'
import { words } from '../texts/words.ts'
import { lockAttributes } from './locks.ts'

const view = imagesTexts.locks
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
      title={view.title(name)}
      action={words.save}
      onSubmit={() => changeLocks(place, chosen).then(() => onClose(true))}
      onClose={() => onClose(false)}
    >
      <Text>{view.hint}</Text>
      {lockAttributes.map((attribute) => (
        <Checkbox
          key={attribute}
          label={view[attribute]}
          checked={chosen[attribute]}
          onChange={(_event, { checked }) => setChosen({ ...chosen, [attribute]: checked === true })}
        />
      ))}
    </FormDialog>
  )
}
