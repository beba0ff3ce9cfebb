import { registryId } from '../harness/arm.ts'
import { type HttpResponse, request } from '../harness/http.ts'
import { type PageVisitor, pageVisitor } from '../harness/page-visitor.ts'
import { processorMilliseconds } from '../harness/processor-time.ts'
import { type Figure, type Settings, median } from './figure.ts'
import { repositoryName } from './seed.ts'
import { type Subject, fill, startOn } from './subject.ts'

/** How large the registry is whose views are opened. */
const sizes = { repositories: 10_000, tags: 100_000 } as const

/** How often a request is sent for one measurement of its processor time. */
const repetitions = 20

const maxMs = 50
const version = 'api-version=2023-07-01'

/** The requests of a view, in addition to those that every view needs: the subscriptions and the registries. */
type View = { readonly name: string; readonly paths: readonly string[] }

function viewsOf({ filled }: Subject): readonly View[] {
  const { subscriptionId, loginServer } = filled.firstRun
  const id = registryId(filled)
  const acr = `registry/${encodeURIComponent(loginServer)}/acr/v1`
  const repository = repositoryName(1)
  const list = 'n=100&orderby=timedesc'
  const untilMs = Date.now()
  const day = (ago: number) => new Date(untilMs - ago * 86_400_000).toISOString()
  const metrics = new URLSearchParams({
    'api-version': '2023-10-01',
    metricnames: 'SuccessfulPullCount,SuccessfulPushCount,SignInCount,DenialCount,StorageUsed',
    aggregation: 'Total,Maximum',
    timespan: `${day(7)}/${day(0)}`,
    interval: 'PT6H',
  })
  const events = `arm/subscriptions/${subscriptionId}/providers/Acrux.Server/auditEvents`
  return [
    {
      name: 'every view',
      paths: [
        'session',
        'arm/subscriptions?api-version=2022-12-01',
        `arm/subscriptions/${subscriptionId}/providers/Microsoft.ContainerRegistry/registries?${version}`,
      ],
    },
    {
      name: 'home',
      paths: [
        `${events}?${version}&$top=10&$filter=${encodeURIComponent("action eq 'manifest.push'")}`,
        `${events}?${version}&$top=100&$filter=${encodeURIComponent(`outcome eq 'refused' and eventTimestamp ge '${day(0)}'`)}`,
        'graph/applications?$top=100',
      ],
    },
    {
      name: 'registry',
      paths: [
        `arm${id}/listUsages?${version}`,
        `arm${id}/providers/Acrux.Server/quotas?${version}`,
        `arm${id}/providers/Microsoft.Insights/metrics?${metrics.toString()}`,
      ],
    },
    { name: 'repositories', paths: [`${acr}/_catalog?n=1000`] },
    {
      name: 'repository',
      paths: [`${acr}/${repository}`, `${acr}/${repository}/_tags?${list}`, `${acr}/${repository}/_manifests?${list}`],
    },
    {
      name: 'manifest',
      paths: [
        `registry/${encodeURIComponent(loginServer)}/v2/${repository}/manifests/1`,
        `${acr}/${repository}/_tags/1`,
        `${acr}/${repository}/_manifests/${filled.digest}`,
      ],
    },
  ]
}

/** A person who is signed in to the portal. */
async function signIn(subject: Subject): Promise<PageVisitor> {
  const { firstRun, port } = subject.filled
  const visitor = pageVisitor({ baseUrl: `https://localhost:${port}`, caFile: firstRun.caFile })
  await visitor.signIn(await visitor.open('/portal/sign-in'), firstRun.owner)
  return visitor
}

function send({ filled }: Subject, { cookies }: PageVisitor, path: string): Promise<HttpResponse> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return request({
    url: `https://localhost:${filled.port}/portal/api/${path}`,
    headers: { cookie, 'sec-fetch-site': 'same-origin', 'x-acrux-portal': '1' },
    caFile: filled.firstRun.caFile,
  })
}

/** The processor time of the server for one request, in milliseconds. */
async function costOf(subject: Subject, visitor: PageVisitor, path: string): Promise<number> {
  const answer = await send(subject, visitor, path)
  if (answer.status !== 200) throw new Error(`${path}: status ${answer.status}: ${answer.text().slice(0, 400)}`)
  const before = processorMilliseconds(subject.target.pid)
  for (let sent = 0; sent < repetitions; sent += 1) await send(subject, visitor, path)
  return (processorMilliseconds(subject.target.pid) - before) / repetitions
}

/** The processor time of the server for the requests of the portal's views. Each request has a connection of its own. */
export async function measurePortal({ say, cores, serverArgs, rounds }: Settings): Promise<Figure[]> {
  say('portal')
  using filled = await fill(sizes)
  await using subject = await startOn(filled, cores.server, serverArgs)
  const visitor = await signIn(subject)
  const figures: Figure[] = []
  for (const { name, paths } of viewsOf(subject)) {
    const costs: number[] = []
    for (const path of paths) {
      const all: number[] = []
      for (let round = 0; round < rounds; round += 1) all.push(await costOf(subject, visitor, path))
      costs.push(median(all))
    }
    figures.push({
      name: `portal: ${name}`,
      measured: Math.max(...costs),
      unit: 'milliseconds',
      bound: 'at most',
      target: maxMs,
      details: `${costs.map((ms) => `${ms.toFixed(1)} ms`).join(', ')} of processor time for its requests`,
    })
  }
  return figures
}
