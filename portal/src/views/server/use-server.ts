import { useRead, useReadAgain } from '../../api/queries.ts'
import {
  listCertificates,
  listSettings,
  readBackups,
  readCollection,
  readScrub,
  readStatus,
  startBackup,
  startCollection,
  startScrub,
} from '../../api/server.ts'

const pollMs = 1000

/** The state of the server. */
export function useStatus(subscription: string) {
  return useRead(['server-status', subscription], (signal) => readStatus(subscription, signal))
}

/** The certificate of each host. */
export function useCertificates(subscription: string) {
  return useRead(['server-certificates', subscription], (signal) => listCertificates(subscription, signal))
}

/** The configuration in force, once it is to be shown. */
export function useSettings(subscription: string, isShown: boolean) {
  return useRead(['server-settings', subscription], isShown && ((signal) => listSettings(subscription, signal)))
}

type RunOptions<Data> = {
  readonly name: string
  readonly subscription: string
  readonly read: (subscription: string, signal: AbortSignal) => Promise<Data>
  readonly isRunning: (data: Data) => boolean
}

/** A long run of the server: its state, with the progress while it runs, and what to do after a request for another one. */
function useRun<Data>({ name, subscription, read, isRunning }: RunOptions<Data>) {
  const readAgain = useReadAgain()
  const queryKey = [name, subscription]
  const query = useRead(queryKey, (signal) => read(subscription, signal), {
    refetchInterval: ({ state }) => (state.data !== undefined && isRunning(state.data) ? pollMs : false),
  })
  return { query, refresh: () => readAgain(queryKey) }
}

/** The last scrub, and the way to start one. */
export function useScrub(subscription: string) {
  const { query, refresh } = useRun({
    name: 'scrub',
    subscription,
    read: readScrub,
    isRunning: ({ requested }) => requested?.state === 'running',
  })
  return { query, start: (repair: boolean) => startScrub(subscription, repair).then(refresh) }
}

/** The last garbage collection, and the way to start one. */
export function useCollection(subscription: string) {
  const { query, refresh } = useRun({
    name: 'garbage-collection',
    subscription,
    read: readCollection,
    isRunning: ({ last }) => last?.state === 'running',
  })
  return { query, start: () => startCollection(subscription).then(refresh) }
}

/** The backups, and the way to start one. */
export function useBackups(subscription: string) {
  const { query, refresh } = useRun({
    name: 'backups',
    subscription,
    read: readBackups,
    isRunning: ({ last }) => last?.state === 'running',
  })
  return { query, start: () => startBackup(subscription).then(refresh) }
}
