import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { ProgressBar, Text } from '@fluentui/react-components'
import type { Backups } from '../../api/types.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { Table } from '../../components/table/table.tsx'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { serverTexts } from '../../components/texts/server.ts'
import { words } from '../../components/texts/words.ts'
import { RunSection } from './run-section.tsx'
import { useBackups } from './use-server.ts'

const view = serverTexts

/** The complete backups, the one that was requested last, and the way to start one. */
export function BackupSection({ subscription }: { readonly subscription: string }) {
  const { query, start } = useBackups(subscription)
  const mayAct = usePermissions(subscription)
  const availability = query.data?.availability ?? 'available'
  const permission = mayAct('Acrux.Server/backup/action') ? undefined : view.mayNotBackUp
  return (
    <RunSection
      title={view.backup}
      hint={view.backupHint}
      act={view.backupStart}
      means={view.backupMeans}
      reason={permission ?? (availability === 'available' ? undefined : view.backupUnavailable[availability])}
      isRunning={query.data?.last?.state === 'running'}
      onStart={start}
    >
      <Loaded query={query}>{(backups) => <Report backups={backups} />}</Loaded>
    </RunSection>
  )
}

function Report({ backups: { availability, last, value, count, problem } }: { readonly backups: Backups }) {
  if (availability !== 'available') return <Text>{view.backupUnavailable[availability]}</Text>
  return (
    <>
      <Facts
        facts={[
          [
            view.requestedBackup,
            last === null ? view.noRequestedBackup : `${view.runs[last.state]}, ${formatTime(last.startedAt)}`,
          ],
          ...(last === null ? [] : lastFacts(last)),
          ...(problem === null ? [] : [[view.error, problem] as const]),
        ]}
      />
      {last?.state === 'running' && (
        <ProgressBar
          {...(last.totalBytes > 0 && { value: last.doneBytes / last.totalBytes })}
          aria-label={view.requestedBackup}
        />
      )}
      {value.length === 0 ? <Text>{view.noBackups}</Text> : <BackupTable backups={value} />}
      {count > value.length && <Text>{view.moreBackups(count - value.length)}</Text>}
    </>
  )
}

function lastFacts({ state, step, doneBytes, totalBytes, error }: NonNullable<Backups['last']>): Fact[] {
  if (error !== null) return [[view.error, error]]
  if (state !== 'running') return []
  const done = totalBytes === 0 ? '' : `: ${sizeText(doneBytes)} / ${sizeText(totalBytes)}`
  return [[words.step, `${view.backupSteps[step]}${done}`]]
}

function BackupTable({ backups }: { readonly backups: Backups['value'] }) {
  return (
    <Table
      isWrapped
      label={view.backups}
      rows={backups}
      keyOf={({ id }) => id}
      columns={[
        { title: view.taken, cell: ({ takenAt }) => formatTime(takenAt) },
        { title: view.backupId, cell: ({ id }) => <code>{id}</code> },
        { title: view.backupSteps.database, cell: ({ databaseBytes }) => sizeText(databaseBytes) },
        { title: view.backupSteps.blobs, cell: ({ blobs, blobBytes }) => `${blobs} (${sizeText(blobBytes)})` },
        { title: view.newSize, cell: ({ newBytes }) => sizeText(newBytes) },
        { title: view.damaged, cell: ({ damaged }) => damaged.toLocaleString('en') },
        { title: view.keysInside, cell: ({ hasKeys }) => (hasKeys ? words.yes : words.no) },
      ]}
    />
  )
}
