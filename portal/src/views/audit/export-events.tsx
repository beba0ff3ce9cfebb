import { Button, ProgressBar, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useRef, useState } from 'react'
import type { EventSearch, LogPlace } from '../../api/audit.ts'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Section } from '../../components/elements/page.tsx'
import { operationsTexts } from '../../components/texts/operations.ts'
import { exportLines } from '../events/use-events.ts'

const view = operationsTexts

const useStyles = makeStyles({ row: { display: 'flex', gap: tokens.spacingHorizontalM, alignItems: 'center' } })

type Progress = { readonly count: number; readonly state: 'running' | 'done' | 'cut' }

/** Downloads the events of a search as a file. */
export function ExportEvents({ place, search }: { readonly place: LogPlace; readonly search: EventSearch }) {
  const styles = useStyles()
  const [progress, setProgress] = useState<Progress>()
  const [error, setError] = useState<unknown>()
  const running = useRef<AbortController>(undefined)
  const start = async () => {
    const controller = new AbortController()
    running.current = controller
    setError(undefined)
    setProgress({ count: 0, state: 'running' })
    try {
      const onRead = (count: number) => setProgress({ count, state: 'running' })
      const { lines, isWhole } = await exportLines(place, search, { signal: controller.signal, onRead })
      saveFile(lines)
      setProgress({ count: lines.length, state: isWhole ? 'done' : 'cut' })
    } catch (failure) {
      setProgress(undefined)
      if (!controller.signal.aborted) setError(failure)
    }
  }
  return (
    <Section title={view.exportTitle}>
      <Text>{view.exportHint}</Text>
      <div className={styles.row}>
        {progress?.state === 'running' ? (
          <Button onClick={() => running.current?.abort()}>{view.exportStop}</Button>
        ) : (
          <Button onClick={() => void start()}>{view.exportStart}</Button>
        )}
        <span role="status">{progress !== undefined && `${progress.count} ${view.exported}`}</span>
      </div>
      {progress?.state === 'running' && <ProgressBar aria-label={view.exportTitle} />}
      {progress?.state === 'cut' && <Text>{view.exportLimit}</Text>}
      {error !== undefined && <ErrorView error={error} />}
    </Section>
  )
}

function saveFile(lines: readonly string[]): void {
  const address = URL.createObjectURL(new Blob([...lines], { type: 'application/x-ndjson' }))
  const link = document.createElement('a')
  link.href = address
  link.download = `audit-${new Date().toISOString().slice(0, 10)}.jsonl`
  link.click()
  URL.revokeObjectURL(address)
}
