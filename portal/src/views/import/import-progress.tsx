import { Button, ProgressBar, Text } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useRead } from '../../api/queries.ts'
import { readImport } from '../../api/registry-arm.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { imagesTexts } from '../../components/texts/images.ts'

const view = imagesTexts.import

type ImportProgressProps = {
  readonly operation: string
  /** The name that the image gets, as repository and tag. */
  readonly target: string
  readonly onAgain: () => void
}

/** How an import goes. */
export function ImportProgress({ operation, target, onAgain }: ImportProgressProps) {
  const { name, loginServer } = useAddressedRegistry()
  const queries = useQueryClient()
  const query = useRead(['import', operation], (signal) => readImport(operation, signal), {
    refetchInterval: ({ state }) => (state.data === 'done' || state.error !== null ? false : 1000),
    staleTime: 0,
  })
  const isDone = query.data === 'done'
  const seconds = useSeconds(!isDone && !query.isError)
  useEffect(() => {
    if (isDone) void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === loginServer })
  }, [isDone, queries, loginServer])
  const [repository = '', tag = ''] = target.split(':')
  const again = (
    <div>
      <Button onClick={onAgain}>{view.again}</Button>
    </div>
  )
  if (query.isError) {
    return (
      <>
        <Text weight="semibold">{view.failed}</Text>
        <ErrorView isAct error={query.error} />
        {again}
      </>
    )
  }
  if (!isDone) {
    return (
      <>
        <Text role="status">{view.running}</Text>
        <ProgressBar aria-label={view.running} />
        <Text>{view.elapsed(seconds)}</Text>
      </>
    )
  }
  return (
    <>
      <Text role="status" weight="semibold">
        {view.done}
      </Text>
      {target !== '' && (
        <AppLink
          to="/r/$registry/repositories/$repository/manifests/$reference"
          params={{ registry: name, repository, reference: tag }}
        >
          {view.open}: {target}
        </AppLink>
      )}
      {again}
    </>
  )
}

/** The seconds since the component was shown. */
function useSeconds(isRunning: boolean): number {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(() => setSeconds((before) => before + 1), 1000)
    return () => clearInterval(timer)
  }, [isRunning])
  return seconds
}
