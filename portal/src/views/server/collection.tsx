import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { ProgressBar, Text } from '@fluentui/react-components'
import type { GarbageCollection } from '../../api/types.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { formatSeconds, formatShare, formatTime } from '../../components/texts/format.ts'
import { serverTexts } from '../../components/texts/server.ts'
import { words } from '../../components/texts/words.ts'
import { RunSection } from './run-section.tsx'
import { useCollection } from './use-server.ts'

const view = serverTexts

/** The garbage collection that began last, what the last complete one freed, and the way to start one. */
export function CollectionSection({ subscription }: { readonly subscription: string }) {
  const { query, start } = useCollection(subscription)
  const mayAct = usePermissions(subscription)
  return (
    <RunSection
      title={view.collection}
      hint={view.collectionHint}
      act={view.collectionStart}
      means={view.collectionMeans}
      reason={mayAct('Acrux.Server/garbageCollection/action') ? undefined : view.mayNotCollect}
      isRunning={query.data?.last?.state === 'running'}
      onStart={start}
    >
      <Loaded query={query}>{(collection) => <Report collection={collection} />}</Loaded>
    </RunSection>
  )
}

function Report({ collection }: { readonly collection: GarbageCollection }) {
  const { last, lastCompleted, intervalSeconds } = collection
  if (last === null && lastCompleted === null) return <Text>{view.noCollection}</Text>
  return (
    <>
      <Facts
        facts={[
          ...(last === null ? [] : lastFacts(last)),
          ...(lastCompleted === null ? [] : completedFacts(lastCompleted)),
          [view.interval, formatSeconds(intervalSeconds)],
        ]}
      />
      {last?.state === 'running' && <ProgressBar value={last.progress} aria-label={view.collection} />}
    </>
  )
}

function lastFacts({ state, startedAt, step, progress, counts }: NonNullable<GarbageCollection['last']>): Fact[] {
  const run: Fact = [view.last, `${view.runs[state]}, ${formatTime(startedAt)}`]
  if (state === 'completed') return [run]
  return [
    run,
    [words.step, `${view.steps[step]} (${formatShare(progress)})`],
    [view.freed, view.freedCounts(counts, sizeText(counts.bytes))],
  ]
}

function completedFacts({ completedAt, counts }: NonNullable<GarbageCollection['lastCompleted']>): Fact[] {
  const completed: Fact = [view.lastComplete, formatTime(completedAt)]
  return counts === null ? [completed] : [completed, [view.freed, view.freedCounts(counts, sizeText(counts.bytes))]]
}
