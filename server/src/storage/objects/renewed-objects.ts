import { isDeepStrictEqual } from 'node:util'
import { StorageUnavailableError } from '../contract/errors.ts'
import type { ObjectStore } from './object-store.ts'

/** How often the credentials are read, even if the store accepts the current credentials. */
const defaultIntervalMs = 60_000

/** The statuses of a store that does not accept the credentials. */
const denials: readonly (number | undefined)[] = [401, 403]

export type Renewal = {
  /** Opens the store with the credentials that are there now; undefined if they are the same as before. */
  readonly renew: () => Promise<ObjectStore | undefined>
  readonly intervalMs?: number
}

/** How a store is opened with credentials that are read from files. */
export type CredentialFiles<Credentials> = {
  readonly read: () => Promise<Credentials>
  readonly open: (credentials: Credentials) => Promise<ObjectStore>
}

/**
 * Returns a `renew` that opens the store when the files have other credentials than before. Credentials are known once the
 * store is open: if the store could not be opened with them, they are tried again.
 */
export function renewalOf<Credentials>(
  first: Credentials,
  { read, open }: CredentialFiles<Credentials>,
): Renewal['renew'] {
  let known = first
  return async () => {
    const found = await read()
    if (isDeepStrictEqual(found, known)) return undefined
    const opened = await open(found)
    known = found
    return opened
  }
}

/**
 * A store whose credentials are replaced while the server runs. They are read regularly, and when the store denies a request,
 * which is then repeated. While new credentials cannot be read, the last credentials are used.
 */
export function renewedObjects(first: ObjectStore, { renew, intervalMs = defaultIntervalMs }: Renewal): ObjectStore {
  let current = first
  let renewing: Promise<boolean> | undefined
  const replace = async (): Promise<boolean> => {
    const next = await renew().catch(() => undefined)
    if (next === undefined) return false
    current.close()
    current = next
    return true
  }
  const renewOnce = (): Promise<boolean> => {
    renewing ??= replace().finally(() => {
      renewing = undefined
    })
    return renewing
  }
  const repeated = async <Result>(work: (objects: ObjectStore) => Promise<Result>): Promise<Result> => {
    const asked = current
    try {
      return await work(asked)
    } catch (error) {
      if (!isDenied(error)) throw error
      // Another request may have renewed the credentials meanwhile.
      if (asked === current && !(await renewOnce())) throw error
      return work(current)
    }
  }
  const timer = setInterval(() => void renewOnce(), intervalMs).unref()
  return {
    description: first.description,
    timeoutMs: first.timeoutMs,
    put: (...args) => repeated((objects) => objects.put(...args)),
    head: (...args) => repeated((objects) => objects.head(...args)),
    get: (...args) => repeated((objects) => objects.get(...args)),
    delete: (...args) => repeated((objects) => objects.delete(...args)),
    list: (prefix) => listed(prefix, repeated),
    beginParts: (...args) => repeated((objects) => objects.beginParts(...args)),
    putPart: (...args) => repeated((objects) => objects.putPart(...args)),
    completeParts: (...args) => repeated((objects) => objects.completeParts(...args)),
    abortParts: (...args) => repeated((objects) => objects.abortParts(...args)),
    sign: (...args) => repeated((objects) => objects.sign(...args)),
    close: () => {
      clearInterval(timer)
      current.close()
    },
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof StorageUnavailableError && denials.includes(error.status)
}

/** A list whose first page is requested again; a long list that is denied later fails, and its caller begins again. */
async function* listed(
  prefix: string,
  repeated: <Result>(work: (objects: ObjectStore) => Promise<Result>) => Promise<Result>,
): AsyncGenerator<string> {
  const { keys, first } = await repeated(async (objects) => {
    const begun = objects.list(prefix)[Symbol.asyncIterator]()
    return { keys: begun, first: await begun.next() }
  })
  for (let next = first; next.done !== true; next = await keys.next()) yield next.value
}
