import { Checkbox, Text } from '@fluentui/react-components'
import type { ChangeableAttributes } from '../../api/content-types.ts'
import { imagesTexts } from '../texts/images.ts'
import { lockAttributes } from './locks.ts'

const view = imagesTexts.locks

type LockBoxesProps = {
  readonly locks: ChangeableAttributes
  readonly onChange: (locks: ChangeableAttributes) => void
}

/** What a lock forbids, one box each. */
export function LockBoxes({ locks, onChange }: LockBoxesProps) {
  return (
    <>
      <Text>{view.hint}</Text>
      {lockAttributes.map((attribute) => (
        <Checkbox
          key={attribute}
          label={view[attribute]}
          checked={!locks[attribute]}
          onChange={(_event, { checked }) => onChange({ ...locks, [attribute]: checked !== true })}
        />
      ))}
    </>
  )
}
