import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Checkbox, ProgressBar, Text } from '@fluentui/react-components'
import { useState } from 'react'
import type { Scrub } from '../../api/types.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { Table } from '../../components/table/table.tsx'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { formatShare, formatTime } from '../../components/texts/format.ts'
import { serverTexts } from '../../components/texts/server.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { RunSection } from './run-section.tsx'
import { useScrub } from './use-server.ts'

const view = serverTexts

/** The scrub that was requested last, with its progress, and the way to start one. */
export function ScrubSection({ subscription }: { readonly subscription: string }) {
  const { query, start } = useScrub(subscription)
  const mayAct = usePermissions(subscription)
  const [repair, setRepair] = useState(false)
  return (
    <RunSection
      title={view.scrub}
      hint={view.scrubHint}
      act={view.scrubStart}
      means={view.scrubHint}
      reason={mayAct('Acrux.Server/scrub/action') ? undefined : view.mayNotScrub}
      isRunning={query.data?.requested?.state === 'running'}
      onStart={() => start(repair)}
      choices={
        <>
          <Checkbox
            label={view.scrubRepair}
            checked={repair}
            onChange={(_event, { checked }) => setRepair(checked === true)}
          />
          {repair && <Text>{view.scrubRepairHint}</Text>}
        </>
      }
    >
      <Loaded query={query}>{(scrub) => <Report scrub={scrub} />}</Loaded>
    </RunSection>
  )
}

function Report({ scrub: { requested, background, quarantined } }: { readonly scrub: Scrub }) {
  return (
    <>
      <Facts
        facts={[
          [view.requested, requested === null ? view.noScrub : view.runs[requested.state]],
          ...(requested === null ? [] : requestedFacts(requested)),
          [view.background, background.progress === null ? texts.none : formatShare(background.progress)],
          [
            view.lastBackground,
            background.lastCompletedAt === null ? texts.never : formatTime(background.lastCompletedAt),
          ],
          [view.quarantined, String(quarantined)],
        ]}
      />
      {requested?.state === 'running' && <ProgressBar value={requested.progress} aria-label={view.requested} />}
      {requested !== null && requested.findings.length > 0 && (
        <Table
          isWrapped
          label={view.findings}
          rows={requested.findings.map((finding, index) => ({ ...finding, key: String(index) }))}
          keyOf={({ key }) => key}
          columns={[
            { title: view.findings, cell: ({ kind }) => kind },
            { title: words.subject, cell: ({ subject }) => subject },
            { title: view.place, cell: ({ place }) => place },
            { title: view.repaired, cell: ({ repaired }) => (repaired ? words.yes : words.no) },
          ]}
        />
      )}
    </>
  )
}

function requestedFacts({ startedAt, completedAt, counts, findingCount }: NonNullable<Scrub['requested']>): Fact[] {
  const { blobs, bytes, manifests, files, auditEvents } = counts
  const verified = `${blobs} ${view.blobs} (${sizeText(bytes)}), ${manifests} ${view.manifests}, ${files} ${view.files}, ${auditEvents} ${view.events}`
  return [
    [words.started, startedAt === null ? texts.unknown : formatTime(startedAt)],
    ...(completedAt === null ? [] : [[view.runs.completed, formatTime(completedAt)] as const]),
    [view.verified, verified],
    [view.findings, findingCount === 0 ? texts.none : String(findingCount)],
  ]
}
