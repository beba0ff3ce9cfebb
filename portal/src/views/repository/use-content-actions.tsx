import { type ReactNode, useState } from 'react'
import { pullCommand } from '../../components/registries/pull-commands.ts'
import type { RowAction } from '../../components/table/cells/row-menu.tsx'
import { imagesTexts } from '../../components/texts/images.ts'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { AddTagDialog } from './add-tag-dialog.tsx'
import type { Chosen } from './chosen.ts'
import { type ContentAction, ContentDialog } from './content-dialogs.tsx'
import type { RepositoryPlace } from './use-repository.ts'

const view = repositoryTexts
const { roleNeeded } = imagesTexts

type Wanted = {
  readonly place: RepositoryPlace
  readonly access: ReadonlySet<string>
  /** Whether the rows are tags, and not images. */
  readonly areTags: boolean
}

type Opened =
  | { readonly action: ContentAction; readonly chosen: readonly Chosen[] }
  | { readonly action: 'add'; readonly reference: string | undefined }

/** What the person can do with images or tags, and the dialog that is open for it. */
export type ContentActions = {
  readonly areTags: boolean
  /** Why the person may not act. */
  readonly reasons: Readonly<Record<ContentAction, string | undefined>>
  readonly addTagReason: string | undefined
  readonly open: (action: ContentAction, chosen: readonly Chosen[]) => void
  /** Asks for a tag to add to an image, or also for the image. */
  readonly addTag: (reference: string | undefined) => void
  readonly ofRow: (row: Chosen) => readonly RowAction<unknown>[]
  readonly dialog: ReactNode
}

/** The actions on the images or tags of a repository. */
export function useContentActions({ place, access, areTags }: Wanted): ContentActions {
  const [opened, setOpened] = useState<Opened>()
  const close = () => setOpened(undefined)
  const mayLock = access.has('metadata_write')
  const mayDelete = access.has('delete')
  const mayUntag = mayLock || mayDelete || access.has('untag')
  const reasons = {
    lock: mayLock ? undefined : roleNeeded.lock,
    untag: mayUntag ? undefined : roleNeeded.untag,
    delete: mayDelete ? undefined : roleNeeded.delete,
  }
  const addTagReason = access.has('push') ? undefined : view.addTag.needed
  const open = (action: ContentAction, chosen: readonly Chosen[]) => setOpened({ action, chosen })
  const addTag = (reference: string | undefined) => setOpened({ action: 'add', reference })
  const ofRow = (row: Chosen): readonly RowAction<unknown>[] => {
    const command = pullCommand('docker', place.loginServer, place.repository, row.reference)
    return [
      { label: view.actions.copyPull, act: () => void navigator.clipboard.writeText(command) },
      { label: view.actions.addTag, reason: addTagReason, act: () => addTag(row.reference) },
      { label: view.actions.lock, reason: reasons.lock, act: () => open('lock', [row]) },
      {
        label: areTags ? view.actions.untagOne : view.actions.untag,
        reason: reasons.untag,
        act: () => open('untag', [row]),
      },
      ...(areTags ? [] : [{ label: view.actions.delete, reason: reasons.delete, act: () => open('delete', [row]) }]),
    ]
  }
  const dialog =
    opened === undefined ? null : opened.action === 'add' ? (
      <AddTagDialog place={place} reference={opened.reference} onClose={close} />
    ) : (
      <ContentDialog action={opened.action} chosen={opened.chosen} areTags={areTags} place={place} onClose={close} />
    )
  return { areTags, reasons, addTagReason, open, addTag, ofRow, dialog }
}
