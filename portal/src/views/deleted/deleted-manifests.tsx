import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Checkbox, Text } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { noteDone } from '../../api/done-note.ts'
import { useRead } from '../../api/queries.ts'
import { restoreManifest } from '../../api/registry-changes.ts'
import { listDeletedManifests, listDeletedTags } from '../../api/registry.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { Age } from '../../components/elements/age.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { TrailLink } from '../../components/elements/trail-link.tsx'
import { RepositoriesLink } from '../../components/registries/repositories-link.tsx'
import { Digest } from '../../components/registries/digest.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { shortDigest } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { type Restorable, restorableOf } from './restorable.ts'

const view = imagesTexts.deleted

/** The deleted tags and manifests of a repository, which can be restored. */
export function DeletedManifests() {
  const { repository } = useParams({ from: '/shell/r/$registry/deleted/$repository' })
  const { name, loginServer } = useAddressedRegistry()
  const queries = useQueryClient()
  const [chosen, setChosen] = useState<Restorable>()
  const query = useRead(['deleted', loginServer, repository], async (signal) => {
    const [content, tags] = await Promise.all([
      listDeletedManifests(loginServer, repository, signal),
      listDeletedTags(loginServer, repository, signal),
    ])
    return { ...content, rows: restorableOf(content.manifests, tags) }
  })
  const restored = async () => {
    await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === loginServer })
  }
  return (
    <Page
      title={view.titleOf(repository)}
      parents={[
        <RepositoriesLink key="repositories" />,
        <TrailLink key="deleted" to="/r/$registry/deleted" params={{ registry: name }}>
          {view.title}
        </TrailLink>,
      ]}
    >
      <Loaded query={query}>
        {({ rows, isCut, access }) => (
          <>
            {rows.length === 0 && <Text>{view.empty}</Text>}
            {isCut && <Text>{view.cut}</Text>}
            {rows.length > 0 && (
              <RestorableTable rows={rows} mayRestore={access.has('deleted_restore')} onRestore={setChosen} />
            )}
          </>
        )}
      </Loaded>
      {chosen !== undefined && (
        <RestoreDialog
          place={{ loginServer, repository }}
          row={chosen}
          onRestored={restored}
          onClose={() => setChosen(undefined)}
        />
      )}
      <CommandLine
        text={`acrux acr manifest list-deleted-tags -r ${name} -n ${repository}`}
        more={[{ label: view.restore, text: `acrux acr manifest restore -r ${name} -n ${repository}:TAG` }]}
      />
    </Page>
  )
}

type RestorableTableProps = {
  readonly rows: readonly Restorable[]
  readonly mayRestore: boolean
  readonly onRestore: (row: Restorable) => void
}

function RestorableTable({ rows, mayRestore, onRestore }: RestorableTableProps) {
  const reason = mayRestore ? undefined : imagesTexts.roleNeeded.restore
  return (
    <Table
      isWrapped
      label={view.title}
      rows={rows}
      keyOf={({ key }) => key}
      columns={[
        { title: texts.repositoryView.tag, cell: ({ tag }) => tag ?? view.noTag },
        { title: words.digest, cell: ({ digest }) => <Digest digest={digest} /> },
        {
          title: words.size,
          cell: ({ sizeBytes }) => (sizeBytes === undefined ? '–' : sizeText(sizeBytes)),
        },
        { title: view.deletedAt, cell: ({ deletedAt }) => <Age time={deletedAt} /> },
        {
          title: words.actions,
          cell: (row) => <ActionBar actions={[{ label: view.restore, reason, act: () => onRestore(row) }]} />,
        },
      ]}
    />
  )
}

type RestoreDialogProps = {
  readonly place: { readonly loginServer: string; readonly repository: string }
  readonly row: Restorable
  readonly onRestored: () => Promise<void>
  readonly onClose: () => void
}

function RestoreDialog({ place, row, onRestored, onClose }: RestoreDialogProps) {
  const [force, setForce] = useState(false)
  const { tag, digest } = row
  const name = tag === undefined ? `${place.repository}@${shortDigest(digest)}` : `${place.repository}:${tag}`
  return (
    <ConfirmDialog
      title={`${view.restore} ${name}`}
      confirm={view.restore}
      onConfirm={async () => {
        await restoreManifest(place, digest, { tag, force })
        await onRestored()
        noteDone(imagesTexts.done.restored(name))
      }}
      onClose={onClose}
    >
      <code>{digest}</code>
      {tag !== undefined && (
        <Checkbox label={view.force} checked={force} onChange={(_event, { checked }) => setForce(checked === true)} />
      )}
    </ConfirmDialog>
  )
}
