import { readJson, send } from './client.ts'
import type { Metrics, QuotaList, UploadList } from './types.ts'

const registryVersion = '2023-07-01'
const metricsVersion = '2023-10-01'
const serverProvider = 'providers/Acrux.Server'

/** The unfinished uploads of a registry. */
export async function listUploads(registryId: string, signal: AbortSignal): Promise<UploadList> {
  const path = `arm${registryId}/${serverProvider}/uploads?api-version=${registryVersion}`
  return (await readJson<UploadList>(path, { signal })).body
}

/** Cancels an unfinished upload and deletes its bytes. */
export async function cancelUpload(registryId: string, id: string): Promise<void> {
  const path = `arm${registryId}/${serverProvider}/uploads/${encodeURIComponent(id)}?api-version=${registryVersion}`
  await send(path, { method: 'DELETE' })
}

/** The quotas of a registry. */
export async function listQuotas(registryId: string, signal: AbortSignal): Promise<QuotaList> {
  const path = `arm${registryId}/${serverProvider}/quotas?api-version=${registryVersion}`
  return (await readJson<QuotaList>(path, { signal })).body
}

/** Sets a quota: of a repository, or of the whole registry. */
export async function putQuota(
  registryId: string,
  name: string,
  properties: { readonly repository: string | null; readonly limitBytes: number },
): Promise<void> {
  await send(quotaPath(registryId, name), { method: 'PUT', body: { properties } })
}

/** Removes a quota. */
export async function deleteQuota(registryId: string, name: string): Promise<void> {
  await send(quotaPath(registryId, name), { method: 'DELETE' })
}

function quotaPath(registryId: string, name: string): string {
  return `arm${registryId}/${serverProvider}/quotas/${encodeURIComponent(name)}?api-version=${registryVersion}`
}

/** The metrics that the portal shows. */
export const metricNames = [
  'SuccessfulPullCount',
  'SuccessfulPushCount',
  'SignInCount',
  'DenialCount',
  'StorageUsed',
] as const

/** The metrics of a registry for the last hours, in intervals such as `PT1H`. */
export async function readMetrics(
  registryId: string,
  { hours, interval }: { readonly hours: number; readonly interval: string },
  signal: AbortSignal,
): Promise<Metrics> {
  const untilMs = Date.now()
  const fromMs = untilMs - hours * 3_600_000
  const query = new URLSearchParams({
    'api-version': metricsVersion,
    metricnames: metricNames.join(','),
    aggregation: 'Total,Maximum',
    timespan: `${new Date(fromMs).toISOString()}/${new Date(untilMs).toISOString()}`,
    interval,
  })
  const path = `arm${registryId}/providers/Microsoft.Insights/metrics?${query.toString()}`
  return (await readJson<Metrics>(path, { signal })).body
}

/** Which image to import from where, and under which name. */
export type ImportOrder = {
  readonly registryUri: string
  readonly sourceImage: string
  readonly credentials?: { readonly username?: string; readonly password: string }
  readonly target: string
  readonly force: boolean
}

/** Starts an import. Returns the path of its state. */
export async function startImport(registryId: string, order: ImportOrder): Promise<string> {
  const { registryUri, sourceImage, credentials, target, force } = order
  const body = {
    source: { registryUri, sourceImage, ...(credentials && { credentials }) },
    targetTags: [target],
    mode: force ? 'Force' : 'NoForce',
  }
  const path = `arm${registryId}/importImage?api-version=${registryVersion}`
  const { headers } = await send(path, { method: 'POST', body })
  const location = headers.get('location')
  if (location === null) throw new Error('the answer names no operation')
  return new URL(location).pathname
}

/** Whether an import is finished. @throws ApiError if it failed, or is not one of this person */
export async function readImport(operation: string, signal: AbortSignal): Promise<'running' | 'done'> {
  const { status } = await send(`arm${operation}?api-version=${registryVersion}`, { signal })
  return status === 202 ? 'running' : 'done'
}
