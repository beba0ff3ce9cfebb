import { Checkbox, ProgressBar, Text } from '@fluentui/react-components'
import { useState } from 'react'
import type { Scrub } from '../../api/types.ts'
import { usePermissions } from '../../session/use-permissions.ts'
import { ActionButton } from '../../shell/action-button.tsx'
import { ConfirmDialog } from '../../shell/confirm-dialog.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { type Fact, Facts } from '../../shell/facts.tsx'
import { formatBytes, formatTime } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Section } from '../../shell/page.tsx'
import { operationsTexts } from '../../texts/operations.ts'
import { texts } from '../../texts.ts'
import { useScrub } from './use-server.ts'

const view = operationsTexts.server

/** The scrub that was requested last, with its progress, and the way to start one. */
export function ScrubSection({ subscription }: { readonly subscription: string }) {
  const { query, start } = useScrub(subscription)
  const mayAct = usePermissions(subscription)
  const [isAsking, setAsking] = useState(false)
  const [repair, setRepair] = useState(false)
  const isRunning = query.data?.requested?.state === 'running'
  return (
    <Section title={view.scrub}>
      <Text>{view.scrubHint}</Text>
      <Loaded query={query}>{(scrub) => <Report scrub={scrub} />}</Loaded>
      <div>
        <ActionButton
          reason={mayAct('Acrux.Server/scrub/action') ? undefined : view.mayNotScrub}
          disabled={isRunning}
          onClick={() => setAsking(true)}
        >
          {view.scrubStart}
        </ActionButton>
      </div>
      {isAsking && (
        <ConfirmDialog
          title={view.scrubStart}
          confirm={view.scrubStart}
          onConfirm={() => start(repair)}
          onClose={() => setAsking(false)}
        >
          <Text>{view.scrubHint}</Text>
          <Checkbox
            label={view.scrubRepair}
            checked={repair}
            onChange={(_event, { checked }) => setRepair(checked === true)}
          />
          {repair && <Text>{view.scrubRepairHint}</Text>}
        </ConfirmDialog>
      )}
    </Section>
  )
}

function Report({ scrub: { requested, background, quarantined } }: { readonly scrub: Scrub }) {
  return (
    <>
      <Facts
        facts={[
          [view.requested, requested === null ? view.noScrub : view.runs[requested.state]],
          ...(requested === null ? [] : requestedFacts(requested)),
          [view.background, background.progress === null ? texts.none : percent(background.progress)],
          [
            view.lastBackground,
            background.lastCompletedAt === null ? texts.never : formatTime(background.lastCompletedAt),
          ],
          [view.quarantined, String(quarantined)],
        ]}
      />
      {requested?.state === 'running' && <ProgressBar value={requested.progress} aria-label={view.requested} />}
      {requested !== null && requested.findings.length > 0 && (
        <DataTable
          label={view.findings}
          rows={requested.findings.map((finding, index) => ({ ...finding, key: String(index) }))}
          keyOf={({ key }) => key}
          columns={[
            { title: view.findings, cell: ({ kind }) => kind },
            { title: view.subject, cell: ({ subject }) => subject },
            { title: view.place, cell: ({ place }) => place },
            { title: view.repaired, cell: ({ repaired }) => (repaired ? view.yes : view.no) },
          ]}
        />
      )}
    </>
  )
}

function requestedFacts({ startedAt, completedAt, counts, findingCount }: NonNullable<Scrub['requested']>): Fact[] {
  const { blobs, bytes, manifests, files, auditEvents } = counts
  const verified = `${blobs} ${view.blobs} (${formatBytes(bytes)}), ${manifests} ${view.manifests}, ${files} ${view.files}, ${auditEvents} ${view.events}`
  return [
    [view.started, startedAt === null ? texts.unknown : formatTime(startedAt)],
    ...(completedAt === null ? [] : [[view.runs.completed, formatTime(completedAt)] as const]),
    [view.verified, verified],
    [view.findings, findingCount === 0 ? texts.none : String(findingCount)],
  ]
}

function percent(share: number): string {
  return share.toLocaleString('en', { style: 'percent' })
}
