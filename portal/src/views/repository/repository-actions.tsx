import { Text } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { RepositoryProperties } from '../../api/content-types.ts'
import { noteDone } from '../../api/done-note.ts'
import { deleteRepository } from '../../api/registry-changes.ts'
import type { Access } from '../../api/registry.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { LockDialog } from '../../components/registries/lock-dialog.tsx'
import { isUndeletable } from '../../components/registries/locks.ts'
import { useKeptText } from '../../components/registries/use-kept-text.ts'
import { imagesTexts } from '../../components/texts/images.ts'

const view = imagesTexts.repository
const { roleNeeded, lockedReason, confirm } = imagesTexts

type RepositoryActionsProps = {
  readonly loginServer: string
  readonly properties: RepositoryProperties
  readonly access: Access
  readonly onChanged: () => void
}

/** Locks and deletes a repository. */
export function RepositoryActions({ loginServer, properties, access, onChanged }: RepositoryActionsProps) {
  const [open, setOpen] = useState<'lock' | 'delete'>()
  const { name } = useAddressedRegistry()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const kept = useKeptText(loginServer)
  const { imageName: repository, changeableAttributes: locks, tagCount, manifestCount } = properties
  const mayDelete = access.has('delete')
  const remove = async () => {
    await deleteRepository({ loginServer, repository })
    await navigate({ to: '/r/$registry/repositories', params: { registry: name } })
    await queries.invalidateQueries({ queryKey: ['repositories', loginServer] })
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[1] === loginServer && queryKey[2] === repository })
    noteDone(imagesTexts.done.deleted(repository))
  }
  return (
    <>
      <ActionBar
        actions={[
          {
            label: view.lock,
            reason: access.has('metadata_write') ? undefined : roleNeeded.lock,
            act: () => setOpen('lock'),
          },
          {
            label: view.delete,
            reason: mayDelete ? (isUndeletable(locks) ? lockedReason : undefined) : roleNeeded.delete,
            act: () => setOpen('delete'),
          },
        ]}
      />
      {open === 'lock' && (
        <LockDialog
          name={repository}
          place={{ loginServer, repository }}
          locks={locks}
          onClose={(isChanged) => {
            setOpen(undefined)
            if (isChanged) onChanged()
          }}
        />
      )}
      {open === 'delete' && (
        <ConfirmDialog
          title={view.deleteTitle(repository)}
          isDanger
          confirm={view.deleteAction}
          typed={repository}
          onConfirm={remove}
          onClose={() => setOpen(undefined)}
        >
          <Text weight="semibold">{confirm.lost}</Text>
          <Text>{view.deleteLost(tagCount, manifestCount)}</Text>
          <Text>{kept}</Text>
        </ConfirmDialog>
      )}
    </>
  )
}
