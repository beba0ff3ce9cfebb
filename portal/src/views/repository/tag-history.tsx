import { Field, Input, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { TagChange } from '../../api/content-types.ts'
import { noteDone } from '../../api/done-note.ts'
import { ApiError } from '../../api/client.ts'
import { revertTag } from '../../api/registry-changes.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { ActorCell } from '../../components/table/cells/actor-cell.tsx'
import type { Column } from '../../components/table/columns.ts'
import { Table } from '../../components/table/table.tsx'
import { formatExact, shortDigest } from '../../components/texts/format.ts'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { ManifestLink } from '../repositories/manifest-link.tsx'
import { type RepositoryPlace, useReadRepositoryAgain, useTagHistory, useTags } from './use-repository.ts'

const view = repositoryTexts.history

const useStyles = makeStyles({ field: { maxWidth: '24rem' }, form: { marginBottom: tokens.spacingVerticalS } })

type HistoryProps = {
  readonly place: RepositoryPlace
  readonly access: ReadonlySet<string>
  /** The tag of the address. Without it, the tag that was pushed last. */
  readonly tag: string | undefined
}

/** The changes of a tag, with the way back to each. */
export function History({ place, access, tag }: HistoryProps) {
  const tags = useTags(place, 'newest')
  if (tag !== undefined) return <TagHistoryOf key={tag} place={place} access={access} tag={tag} />
  return (
    <Loaded query={tags}>
      {({ pages }) => <TagHistoryOf place={place} access={access} tag={pages[0]?.items[0]?.name} />}
    </Loaded>
  )
}

function TagHistoryOf({ place, access, tag }: HistoryProps) {
  const query = useTagHistory(place, tag)
  const isUnknown = query.error instanceof ApiError && query.error.status === 404
  const { name } = useAddressedRegistry()
  return (
    <>
      <ChooseTag tag={tag ?? ''} />
      {tag === undefined && <Text>{view.none}</Text>}
      {isUnknown && <Text>{view.unknown}</Text>}
      {tag !== undefined && !isUnknown && (
        <Loaded query={query}>
          {(changes) => <Changes place={place} access={access} tag={tag} changes={changes} />}
        </Loaded>
      )}
      {tag !== undefined && (
        <CommandLine text={`acrux acr tag history -r ${name} -n ${place.repository}:${tag} -o table`} />
      )}
    </>
  )
}

function ChooseTag({ tag }: { readonly tag: string }) {
  const styles = useStyles()
  const navigate = useNavigate()
  const [typed, setTyped] = useState(tag)
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        void navigate({ to: '.', search: (before: object) => ({ ...before, tag: typed }), replace: true })
      }}
    >
      <Field label={view.tag} hint={view.choose} className={styles.field}>
        <Input value={typed} maxLength={128} onChange={(_event, { value }) => setTyped(value.trim())} />
      </Field>
    </form>
  )
}

type ChangesProps = Required<Omit<HistoryProps, 'tag'>> & {
  readonly tag: string
  readonly changes: readonly TagChange[]
}

function Changes({ place, access, tag, changes }: ChangesProps) {
  const { name: registry } = useAddressedRegistry()
  const [chosen, setChosen] = useState<string>()
  const rows = changes.map((change, index) => ({ ...change, index }))
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { id: 'time', title: view.time, width: 14.5, cell: ({ time }) => formatExact(time) },
    { id: 'cause', title: view.cause, width: 9, cell: ({ cause }) => view.causes[cause] },
    {
      id: 'digest',
      title: view.digest,
      minWidth: 12,
      grow: 1,
      cell: ({ digest, exists }) => {
        if (digest === undefined) return view.deleted
        return exists === true ? (
          <ManifestLink registry={registry} repository={place.repository} reference={digest} />
        ) : (
          <code title={digest}>{shortDigest(digest)}</code>
        )
      },
    },
    { id: 'by', title: view.by, width: 10, dropOrder: 1, cell: ({ by }) => by && <ActorCell {...by} /> },
    {
      id: 'actions',
      title: view.revert,
      width: 9,
      hidesTitle: true,
      onPhone: 'end',
      cell: (row) => (
        <Way
          change={row}
          isNow={row.index === 0}
          current={changes[0]?.digest}
          mayPush={access.has('push')}
          onRevert={setChosen}
        />
      ),
    },
  ]
  return (
    <>
      <Table
        label={`${view.of} ${tag}`}
        rows={rows}
        keyOf={({ index }) => String(index)}
        columns={columns}
        empty={view.empty}
      />
      {chosen !== undefined && (
        <RevertDialog place={place} tag={tag} digest={chosen} onClose={() => setChosen(undefined)} />
      )}
    </>
  )
}

type WayProps = {
  readonly change: TagChange
  readonly isNow: boolean
  /** What the tag points to now. */
  readonly current: string | undefined
  readonly mayPush: boolean
  readonly onRevert: (digest: string) => void
}

/** The way back to a change of a tag. */
export function Way({ change: { digest, exists }, isNow, current, mayPush, onRevert }: WayProps) {
  if (isNow) return view.now
  if (digest === undefined || digest === current) return null
  const reason = mayPush ? (exists === true ? undefined : view.gone) : repositoryTexts.addTag.needed
  return (
    <ActionButton
      size="small"
      reason={reason}
      aria-label={`${view.revert} ${shortDigest(digest)}`}
      onClick={() => onRevert(digest)}
    >
      {view.revert}
    </ActionButton>
  )
}

type RevertDialogProps = {
  readonly place: RepositoryPlace
  readonly tag: string
  readonly digest: string
  readonly onClose: () => void
}

/** Asks before a tag is reverted. */
export function RevertDialog({ place, tag, digest, onClose }: RevertDialogProps) {
  const readAgain = useReadRepositoryAgain(place)
  return (
    <ConfirmDialog
      title={view.revertTitle(tag, shortDigest(digest))}
      confirm={view.revertAct}
      onConfirm={async () => {
        await revertTag(place, tag, digest)
        await readAgain()
        noteDone(view.reverted(tag))
      }}
      onClose={onClose}
    >
      <Text>{view.revertEffect(tag)}</Text>
    </ConfirmDialog>
  )
}
