import { Text, makeStyles, tokens } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { noteDone } from '../../api/done-note.ts'
import type { ManifestProperties, TagProperties } from '../../api/content-types.ts'
import { deleteManifest, deleteTag } from '../../api/registry-changes.ts'
import type { Access } from '../../api/registry.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { LockDialog } from '../../components/registries/lock-dialog.tsx'
import { isUndeletable } from '../../components/registries/locks.ts'
import { useKeptText } from '../../components/registries/use-kept-text.ts'
import { shortDigest } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { type ManifestAddress, useReferrers } from './use-manifest.ts'

const view = imagesTexts.manifest
const { roleNeeded, lockedReason, confirm } = imagesTexts

type ManifestActionsProps = {
  readonly address: ManifestAddress
  readonly digest: string
  readonly access: Access
  /** Undefined if the person may not read them. */
  readonly manifest: ManifestProperties | undefined
  readonly tag: TagProperties | undefined
  readonly childCount: number
}

type Opened = 'lock-tag' | 'lock-manifest' | 'untag' | 'delete'

/** Locks, untags and deletes a manifest. */
export function ManifestActions(props: ManifestActionsProps) {
  const { address, digest, access, manifest, tag } = props
  const { loginServer, repository, reference } = address
  const [open, setOpen] = useState<Opened>()
  const queries = useQueryClient()
  const isTag = !reference.includes(':')
  const close = () => setOpen(undefined)
  const mayLock = access.has('metadata_write')
  const mayUntag = mayLock || access.has('delete') || access.has('untag')
  const refresh = (isChanged: boolean) => {
    close()
    if (!isChanged) return
    const changed = new Set(['tag', 'manifest-properties', 'tags', 'manifests'])
    const isOwn = (key: readonly unknown[]) => key[1] === loginServer && key[2] === repository
    void queries.invalidateQueries({ predicate: ({ queryKey: key }) => isOwn(key) && changed.has(String(key[0])) })
  }
  const lockReason = (isKnown: boolean) => (mayLock && isKnown ? undefined : roleNeeded.lock)
  const tagActions = [
    { label: view.lockTag, reason: lockReason(tag !== undefined), act: () => setOpen('lock-tag') },
    { label: view.untag, reason: reasonOf(mayUntag, roleNeeded.untag, tag), act: () => setOpen('untag') },
  ]
  return (
    <>
      <ActionBar
        actions={[
          ...(isTag ? tagActions : []),
          { label: view.lockManifest, reason: lockReason(manifest !== undefined), act: () => setOpen('lock-manifest') },
          {
            label: view.delete,
            reason: reasonOf(access.has('delete'), roleNeeded.delete, manifest),
            act: () => setOpen('delete'),
          },
        ]}
      />
      {open === 'lock-tag' && tag !== undefined && (
        <LockDialog
          name={`${repository}:${reference}`}
          place={{ loginServer, repository, tag: reference }}
          locks={tag.changeableAttributes}
          onClose={refresh}
        />
      )}
      {open === 'lock-manifest' && manifest !== undefined && (
        <LockDialog
          name={shortDigest(digest)}
          place={{ loginServer, repository, digest }}
          locks={manifest.changeableAttributes}
          onClose={refresh}
        />
      )}
      {open === 'untag' && <Untag {...props} onClose={close} />}
      {open === 'delete' && <Delete {...props} onClose={close} />}
    </>
  )
}

function reasonOf(
  isAllowed: boolean,
  denied: string,
  locked: Pick<ManifestProperties, 'changeableAttributes'> | undefined,
): string | undefined {
  if (!isAllowed) return denied
  return locked !== undefined && isUndeletable(locked.changeableAttributes) ? lockedReason : undefined
}

type DialogProps = ManifestActionsProps & { readonly onClose: () => void }

/** After a deletion, the repository is shown without data from the cache. */
function useLeave({ loginServer, repository }: ManifestAddress) {
  const { name } = useAddressedRegistry()
  const navigate = useNavigate()
  const queries = useQueryClient()
  return async () => {
    await navigate({ to: '/r/$registry/repositories/$repository', params: { registry: name, repository } })
    await queries.invalidateQueries({
      predicate: ({ queryKey }) => queryKey[1] === loginServer && queryKey[2] === repository,
    })
  }
}

function Untag({ address, onClose }: DialogProps) {
  const leave = useLeave(address)
  const kept = useKeptText(address.loginServer)
  const { reference } = address
  return (
    <ConfirmDialog
      title={view.untagTitle(reference)}
      isDanger
      confirm={view.untagAction}
      onConfirm={async () => {
        await deleteTag(address, reference)
        await leave()
        noteDone(imagesTexts.done.untagged(reference))
      }}
      onClose={onClose}
    >
      <Text weight="semibold">{confirm.lost}</Text>
      <Text>{view.untagLost(reference)}</Text>
      <Text>{kept}</Text>
    </ConfirmDialog>
  )
}

const useStyles = makeStyles({ list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL } })

function Delete({ address, digest, manifest, childCount, onClose }: DialogProps) {
  const styles = useStyles()
  const leave = useLeave(address)
  const kept = useKeptText(address.loginServer)
  const referrers = useReferrers(address, digest)
  const tags = manifest?.tags ?? []
  const referrerCount = referrers.data?.length ?? 0
  return (
    <ConfirmDialog
      title={view.deleteTitle(shortDigest(digest))}
      isDanger
      confirm={view.deleteAction}
      onConfirm={async () => {
        await deleteManifest(address, digest)
        await leave()
        noteDone(imagesTexts.done.deleted(shortDigest(digest)))
      }}
      onClose={onClose}
    >
      <Text weight="semibold">{confirm.lost}</Text>
      <ul className={styles.list}>
        <li>{view.lostManifest}</li>
        <li>
          {manifest === undefined
            ? view.unknownTags
            : tags.length === 0
              ? view.lostNoTags
              : view.lostTags(tags.join(', '))}
        </li>
        {childCount > 0 && <li>{view.lostChildren(childCount)}</li>}
        {referrerCount > 0 && <li>{view.lostReferrers(referrerCount)}</li>}
      </ul>
      <Text>{kept}</Text>
    </ConfirmDialog>
  )
}
