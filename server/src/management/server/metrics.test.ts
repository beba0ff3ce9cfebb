import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  each,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
} from '../../../testing/management/test-management.ts'

// Two minutes past twelve.
const server = await openTestManagement()
const { arm, activity, time } = server
test.after(() => server.close())
const path = registryPath('contoso')
await arm('PUT', path, newRegistry())
const metricsPath = `${path}/providers/microsoft.insights/metrics`
const rid = (await server.resources.findRegistryByName('contoso'))?.rid ?? ''
const noon = Date.parse('2026-11-24T12:00:00Z')
time.nowMs = noon - 3 * 3_600_000
activity.countTransfer(rid, 'pull', true)
activity.countTransfer(rid, 'pull', false)
time.nowMs = noon - 3_600_000
await activity.flush()
activity.countTransfer(rid, 'pull', true)
time.nowMs = noon + 120_000
activity.countTransfer(rid, 'pull', true)

const query = (parameters: Record<string, string>) =>
  `${metricsPath}?${new URLSearchParams({ 'api-version': '2018-01-01', ...parameters }).toString()}`

const dataOf = (body: unknown, metric = 0) => at(body, 'value', metric, 'timeseries', 0, 'data')

test('the metrics of a registry are hourly, in the form of Azure Monitor', async () => {
  const timespan = '2026-11-24T09:30:00Z/2026-11-24T12:00:00Z'
  const url = query({ metricnames: 'totalpullcount', timespan, interval: 'PT1H', aggregation: 'Total' })
  const { status, body } = await arm('GET', url)
  assert.equal(status, 200)
  assert.deepEqual(body, {
    cost: 0,
    timespan: '2026-11-24T09:00:00Z/2026-11-24T12:00:00Z',
    interval: 'PT1H',
    value: [
      {
        id: `${path}/providers/Microsoft.Insights/metrics/TotalPullCount`,
        type: 'Microsoft.Insights/metrics',
        name: { value: 'TotalPullCount', localizedValue: 'Total Pull Count' },
        displayDescription: 'Number of image pulls in total',
        unit: 'Count',
        timeseries: [
          {
            metadatavalues: [],
            data: [
              { timeStamp: '2026-11-24T09:00:00Z', total: 2 },
              { timeStamp: '2026-11-24T10:00:00Z', total: 0 },
              { timeStamp: '2026-11-24T11:00:00Z', total: 1 },
            ],
          },
        ],
        errorCode: 'Success',
      },
    ],
    namespace: 'Microsoft.ContainerRegistry/registries',
    resourceregion: 'local',
  })
})

test('the default timespan is the last hour, in whole hours; a shorter interval becomes an hour', async () => {
  const { body } = await arm('GET', query({ metricnames: 'SuccessfulPullCount', interval: 'PT1M' }))
  assert.equal(at(body, 'interval'), 'PT1H')
  assert.deepEqual(dataOf(body), [
    { timeStamp: '2026-11-24T11:00:00Z', total: 1 },
    { timeStamp: '2026-11-24T12:00:00Z', total: 1 },
  ])
})

test('longer intervals aggregate hours, by every aggregation', async () => {
  const timespan = '2026-11-24T07:00:00/2026-11-24T13:00:00'
  const aggregation = 'Total,Average,minimum,MAXIMUM,count'
  const url = query({ metricnames: 'TotalPullCount,StorageUsed', timespan, aggregation, interval: 'PT6H' })
  const { body } = await arm('GET', url)
  assert.deepEqual(dataOf(body), [
    { timeStamp: '2026-11-24T07:00:00Z', total: 4, average: 4 / 6, minimum: 0, maximum: 2, count: 6 },
  ])
  assert.deepEqual(dataOf(body, 1), [
    { timeStamp: '2026-11-24T07:00:00Z', total: 0, average: 0, minimum: 0, maximum: 0, count: 1 },
  ])
})

test('an hour in which the storage was not measured has no value for it', async () => {
  const timespan = '2026-11-24T10:00:00Z/2026-11-24T12:00:00Z'
  const { body } = await arm('GET', query({ metricnames: 'StorageUsed', timespan }))
  assert.deepEqual(dataOf(body), [
    { timeStamp: '2026-11-24T10:00:00Z' },
    { timeStamp: '2026-11-24T11:00:00Z', average: 0 },
  ])
})

test('a timespan may be encoded twice, as az does', async () => {
  const timespan = encodeURIComponent('2026-11-24T09:00:00.123456/2026-11-24T11:00:00+01:00')
  const { status, body } = await arm('GET', query({ metricnames: 'TotalPullCount', timespan }))
  assert.equal(status, 200)
  assert.deepEqual(dataOf(body), [{ timeStamp: '2026-11-24T09:00:00Z', total: 2 }])
})

test('an invalid request is rejected with the reason', async () => {
  for (const [parameters, says] of [
    [{ metricnames: 'Nonsense' }, /metric: Nonsense, Valid metrics: TotalPullCount,/],
    [{ metricnames: 'TotalPullCount,'.repeat(60) }, /metricnames is invalid/],
    [{ interval: 'PT7H' }, /PT1H, PT6H, PT12H and P1D/],
    [{ aggregation: 'Median' }, /Average, Minimum, Maximum, Total, Count/],
    [{ timespan: 'yesterday/today' }, /two instants in ISO 8601/],
    [{ timespan: '2026-11-24T12:00:00Z/2026-11-24T11:00:00Z' }, /the earlier first/],
    [{ timespan: '%zz/%zz' }, /two instants in ISO 8601/],
    [{ timespan: '2020-01-01T00:00:00Z/2026-01-01T00:00:00Z' }, /must not exceed 93 days/],
    [{ timespan: '2026-11-24T12:00:00Z' }, /two instants in ISO 8601/],
  ] as const) {
    const answer = await arm('GET', query(parameters))
    assert.equal(answer.status, 400, JSON.stringify(parameters))
    assert.match(answer.text, says)
  }
  const missing = await arm('GET', `${registryPath('absent')}/providers/Microsoft.Insights/metrics`)
  assert.equal(codeOf(missing), 'ResourceNotFound')
})

test('definitions and the namespace are listed', async () => {
  const definitions = await arm('GET', `${path}/providers/Microsoft.Insights/metricDefinitions`)
  assert.deepEqual(each(definitions, 'name', 'value'), [
    'TotalPullCount',
    'SuccessfulPullCount',
    'TotalPushCount',
    'SuccessfulPushCount',
    'StorageUsed',
    'RunDuration',
    'AgentPoolCPUTime',
    'SignInCount',
    'DenialCount',
  ])
  const namespaces = await arm('GET', `${path}/providers/microsoft.insights/metricNamespaces`)
  assert.deepEqual(each(namespaces, 'properties', 'metricNamespaceName'), ['Microsoft.ContainerRegistry/registries'])
})

test('Reader and Monitoring Reader may read metrics; AcrPull may not', async () => {
  for (const [role, status] of [
    [roleGuids.reader, 200],
    ['43d0d8ad-25c7-4714-9337-8ba259a9fe05', 200],
    [roleGuids.acrPull, 403],
  ] as const) {
    const { token } = await server.principalWith(role, path)
    for (const what of ['metrics', 'metricDefinitions', 'metricNamespaces']) {
      const url = `${path}/providers/Microsoft.Insights/${what}`
      assert.equal((await arm('GET', url, undefined, { token })).status, status, `${role} ${what}`)
    }
  }
})
