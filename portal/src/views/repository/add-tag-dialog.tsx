import { parseReference, parseTag } from '@acrux/shared/standards/oci/reference.ts'
import { Field, Input, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { noteDone } from '../../api/done-note.ts'
import { addTag } from '../../api/registry-changes.ts'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { type RepositoryPlace, useReadRepositoryAgain } from './use-repository.ts'

const view = repositoryTexts.addTag

type AddTagDialogProps = {
  readonly place: RepositoryPlace
  /** The tag or digest of the image. Without it, the person enters it. */
  readonly reference: string | undefined
  readonly onClose: () => void
}

/** Gives an image a further tag. */
export function AddTagDialog({ place, reference, onClose }: AddTagDialogProps) {
  const readAgain = useReadRepositoryAgain(place)
  const [tag, setTag] = useState('')
  const [image, setImage] = useState(reference ?? '')
  const isTag = parseTag(tag) !== undefined
  const add = async () => {
    await addTag(place, image, tag)
    await readAgain()
    onClose()
    noteDone(view.done(tag))
  }
  return (
    <FormDialog
      title={view.title}
      action={view.button}
      isReady={isTag && parseReference(image) !== undefined}
      onSubmit={add}
      onClose={onClose}
    >
      <Field label={view.tag} hint={view.hint}>
        <Input value={tag} spellCheck={false} onChange={(_event, { value }) => setTag(value.trim())} />
      </Field>
      <Field label={view.to} hint={view.toHint}>
        <Input value={image} spellCheck={false} onChange={(_event, { value }) => setImage(value.trim())} />
      </Field>
      <Text>{view.moves}</Text>
    </FormDialog>
  )
}
