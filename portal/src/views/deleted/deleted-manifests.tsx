import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Checkbox, Text } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useRead } from '../../api/queries.ts'
import { listDeletedManifests, listDeletedTags } from '../../api/registry.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { Age } from '../../components/elements/age.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { TrailLink } from '../../components/elements/trail-link.tsx'
import { RepositoriesLink } from '../../components/registries/repositories-link.tsx'
import { Digest } from '../../components/registries/digest.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { useChanges } from '../../components/registries/use-changes.tsx'
import { shortDigest } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { type Restorable, restorableOf } from './restorable.ts'

const { deleted: view, done } = imagesTexts

/** The deleted tags and manifests of a repository, which can be restored. */
export function DeletedManifests() {
  const { repository } = useParams({ from: '/shell/r/$registry/deleted/$repository' })
  const { name, loginServer } = useAddressedRegistry()
  const [chosen, setChosen] = useState<readonly Restorable[]>()
  const query = useRead(['deleted', loginServer, repository], async (signal) => {
    const [content, tags] = await Promise.all([
      listDeletedManifests(loginServer, repository, signal),
      listDeletedTags(loginServer, repository, signal),
    ])
    return { ...content, rows: restorableOf(content.manifests, tags) }
  })
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
        <RestoreDialog place={{ loginServer, repository }} chosen={chosen} onClose={() => setChosen(undefined)} />
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
  readonly onRestore: (chosen: readonly Restorable[]) => void
}

function RestorableTable({ rows, mayRestore, onRestore }: RestorableTableProps) {
  const reason = mayRestore ? undefined : imagesTexts.roleNeeded.restore
  return (
    <Table
      isMain
      isWrapped
      label={view.title}
      rows={rows}
      keyOf={({ key }) => key}
      bulk={{
        nameOf: ({ tag, digest }) => tag ?? shortDigest(digest),
        effect: (chosen) => sizeText(bytesOf(chosen)),
        actions: [{ label: view.restoreSeveral, reason, act: onRestore }],
      }}
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
          cell: (row) => <ActionBar actions={[{ label: view.restore, reason, act: () => onRestore([row]) }]} />,
        },
      ]}
    />
  )
}

/** The size of the manifests. Several tags can have the same manifest. */
function bytesOf(chosen: readonly Restorable[]): number {
  const sizes = new Map(chosen.map(({ digest, sizeBytes = 0 }) => [digest, sizeBytes]))
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
}

type RestoreDialogProps = {
  readonly place: { readonly loginServer: string; readonly repository: string }
  readonly chosen: readonly Restorable[]
  readonly onClose: () => void
}

function RestoreDialog({ place, chosen, onClose }: RestoreDialogProps) {
  const { loginServer, repository } = place
  const queries = useQueryClient()
  const [force, setForce] = useState(false)
  const [only, ...others] = chosen
  const name = others.length === 0 && only !== undefined ? nameOf(repository, only) : undefined
  const { make, progress, result } = useChanges({
    place,
    readAgain: () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === loginServer }),
    onClose,
    done: (count) => (name === undefined ? done.severalRestored(count) : done.restored(name)),
  })
  const restore = () =>
    make(
      chosen.map(({ tag, digest }) => ({
        operation: 'restoreManifest',
        reference: digest,
        ...(tag !== undefined && { tag }),
        force,
      })),
    )
  return (
    <FormDialog
      title={`${view.restore} ${name ?? view.several(chosen.length)}`}
      action={view.restore}
      onSubmit={restore}
      onClose={onClose}
      progress={progress}
      result={result}
    >
      {others.length === 0 && <code>{only?.digest}</code>}
      {chosen.some(({ tag }) => tag !== undefined) && (
        <Checkbox label={view.force} checked={force} onChange={(_event, { checked }) => setForce(checked === true)} />
      )}
    </FormDialog>
  )
}

function nameOf(repository: string, { tag, digest }: Restorable): string {
  return tag === undefined ? `${repository}@${shortDigest(digest)}` : `${repository}:${tag}`
}
