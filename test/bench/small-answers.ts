import { form, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import type { SignatureAlgorithm } from './baseline.ts'
import { startBaseline } from './children.ts'
import { busy, cpuRate, inTurns, median, rate, share, type Figure, type Settings } from './figure.ts'
import type { Outcome, Target } from './jobs.ts'
import { repositoryName } from './seed.ts'
import type { Subject } from './subject.ts'

/** A measured request, before it is encoded. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** A figure of small answers. */
export interface SmallAnswer {
  readonly name: string
  /** The minimum rate, as a share of that of a bare server. */
  readonly target: number
  /** The request of a seeded principal, by its number, about the repository of the same number. */
  readonly request: (subject: Subject, number: number) => Promise<Request>
  /** The bare server also signs each response, so the figure measures the rest. */
  readonly signs?: SignatureAlgorithm
  /** Whether an external issuer is needed. */
  readonly federated?: true
}

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

function field(answer: HttpResponse, name: string): string {
  if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.text()}`)
  return stringAt(answer.json(), name)
}

function tokenQuery({ filled }: Subject, number: number, actions: string): string {
  const scope = `repository:${repositoryName(number)}:${actions}`
  return new URLSearchParams({ service: filled.firstRun.loginServer, scope }).toString()
}

/** A request for a token for the repository of the same number, by a seeded principal. */
export async function tokenByBasic(subject: Subject, number: number, actions = 'pull'): Promise<Request> {
  const path = `/oauth2/token?${tokenQuery(subject, number, actions)}`
  return { method: 'GET', path, headers: { authorization: subject.basicOf(number) } }
}

/** The value of `Authorization` with a token of a seeded principal for the repository of the same number. */
export async function bearerOf(subject: Subject, number: number, actions = 'pull'): Promise<string> {
  const { path, headers } = await tokenByBasic(subject, number, actions)
  return `Bearer ${field(await subject.ask('GET', path, { ...headers }), 'access_token')}`
}

/** A request for the manifest of a seeded repository, by a tag or a digest. */
export async function manifestRequest(
  method: string,
  subject: Subject,
  number: number,
  reference = '1',
): Promise<Request> {
  return {
    method,
    path: `/v2/${repositoryName(number)}/manifests/${reference}`,
    headers: { accept: manifestTypes, authorization: await bearerOf(subject, number) },
  }
}

async function post(subject: Subject, path: string, fields: Record<string, string>): Promise<HttpResponse> {
  const { body, headers } = form(fields)
  return subject.ask('POST', path, headers, body)
}

/** A request for an IdP access token, as MSAL for Python sends it. */
function identityToken(subject: Subject, number: number, proof: Record<string, string>): Request {
  const { body, headers } = form({
    grant_type: 'client_credentials',
    client_id: subject.appIdOf(number),
    client_info: '1',
    scope: 'https://containerregistry.azure.net/.default',
    ...proof,
  })
  const msal = {
    'user-agent': 'python-requests/2.32.3',
    accept: 'application/json',
    'x-client-sku': 'MSAL.Python',
    'x-client-ver': '1.31.2b1',
    'x-client-os': 'linux',
    'x-ms-lib-capability': 'retry-after, h429',
    'client-request-id': '6f7b3a52-3c0c-4c4e-9d05-3f6f1f2f9d11',
    'x-client-current-telemetry': '4|730,2|',
    'x-client-last-telemetry': '4|0|||',
  }
  const path = `/${subject.filled.firstRun.tenantId}/oauth2/v2.0/token`
  return { method: 'POST', path, headers: { ...msal, ...headers }, body }
}

async function bySecret(subject: Subject, number: number): Promise<Request> {
  return identityToken(subject, number, { client_secret: subject.filled.secret })
}

/** The assertion is the same each time: MSAL sends one as long as it is valid. */
async function byAssertion(subject: Subject, number: number): Promise<Request> {
  return identityToken(subject, number, {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: subject.assertionOf(number),
  })
}

/** Like a CI job that has only its own token. */
async function byOutsideToken(subject: Subject, number: number): Promise<Request> {
  const { body, headers } = form({
    grant_type: 'access_token',
    service: subject.filled.firstRun.loginServer,
    access_token: subject.assertionOf(number),
  })
  return { method: 'POST', path: '/oauth2/exchange', headers, body }
}

async function byRefreshToken(subject: Subject, number: number): Promise<Request> {
  const { firstRun } = subject.filled
  const tenant = firstRun.tenantId
  const asking = await bySecret(subject, number)
  const identity = await subject.ask(asking.method, asking.path, { ...asking.headers }, asking.body)
  const service = firstRun.loginServer
  const access_token = field(identity, 'access_token')
  const exchanged = await post(subject, '/oauth2/exchange', {
    grant_type: 'access_token',
    service,
    tenant,
    access_token,
  })
  const { body, headers } = form({
    grant_type: 'refresh_token',
    service,
    scope: `repository:${repositoryName(number)}:pull`,
    refresh_token: field(exchanged, 'refresh_token'),
  })
  return { method: 'POST', path: '/oauth2/token', headers, body }
}

/** The figures, in the order in which they are measured. */
export const smallAnswers: readonly SmallAnswer[] = [
  { name: 'manifest-get', target: 0.6, request: (subject, number) => manifestRequest('GET', subject, number) },
  { name: 'manifest-head', target: 0.6, request: (subject, number) => manifestRequest('HEAD', subject, number) },
  { name: 'token-basic', target: 0.2, request: (subject, number) => tokenByBasic(subject, number) },
  { name: 'token-refresh', target: 0.2, request: byRefreshToken },
  { name: 'client-credentials', target: 0.5, request: bySecret, signs: 'RS256' },
  { name: 'federated-exchange', target: 0.5, request: byAssertion, signs: 'RS256', federated: true },
  { name: 'direct-exchange', target: 0.2, request: byOutsideToken, signs: 'ES256', federated: true },
]

const docker = 'docker/28.5.1 go/go1.24.8 os/linux arch/amd64'

/** A request in base64, as docker sends it unless it names another client. */
export function wire({ filled }: Subject, request: Request): string {
  return lines(filled.firstRun.loginServer, request)
}

/** The same, for a host. */
export function lines(host: string, { method, path, headers, body }: Request): string {
  const head = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}`,
    'accept-encoding: gzip',
    ...Object.entries({ 'user-agent': docker, ...headers }).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`).toString('base64')
}

/** The numbers of the principals that send requests, spread over the database. */
export function askers({ filled }: Subject, count: number): number[] {
  const { repositories } = filled.sizes
  return Array.from({ length: count }, (_, index) => 1 + Math.floor((index * repositories) / count))
}

const perConnection = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding'])

function headersOf(answer: HttpResponse): Record<string, string> {
  const pairs = answer.rawHeaders.flatMap((name, index, all) =>
    index % 2 === 0 && !perConnection.has(name.toLowerCase()) ? [[name, all[index + 1] ?? ''] as const] : [],
  )
  return Object.fromEntries(pairs)
}

/** The requests of the connections, each by a different principal. */
export async function requestsOf(
  subject: Subject,
  { request }: Pick<SmallAnswer, 'request'>,
  connections: number,
): Promise<readonly Request[]> {
  const requests: Request[] = []
  for (const number of askers(subject, connections)) requests.push(await request(subject, number))
  return requests
}

/** What was measured, for people. */
export function describe(name: string, outcomes: readonly Outcome[]): string {
  const [perSecond, perCpuSecond] = [rate, cpuRate].map((of) => Math.round(median(outcomes.map(of))))
  return `${name} ${perSecond}/s, ${perCpuSecond}/CPU s (core ${Math.round(busy(outcomes) * 100)} %)`
}

/**
 * Measures one figure of small responses on two servers, of which the second has far more data, compared with a bare
 * server that sends the response of the first one from memory.
 */
export async function measureSmallAnswer(
  settings: Settings,
  small: Subject,
  large: Subject,
  answer: SmallAnswer,
): Promise<Figure[]> {
  const { name, target, signs } = answer
  const { load, cores, connections, measuredMs, rounds } = settings
  settings.say(name)
  const ofSmall = await requestsOf(small, answer, connections)
  const ofLarge = await requestsOf(large, answer, connections)
  const [first] = ofSmall
  if (first === undefined) throw new Error('there are no connections to measure with')
  const sample = await small.ask(first.method, first.path, { ...first.headers }, first.body)
  const { status, body } = sample
  const task = {
    kind: 'answer',
    status,
    headers: headersOf(sample),
    body: body.toString('base64'),
    ...(signs !== undefined && { signs }),
  } as const
  await using bare = await startBaseline(task, small.target, small.pairFile, cores.server)
  const repeat = (target: Target, subject: Subject, requests: readonly Request[]) => () =>
    load.run({
      kind: 'requests',
      target,
      requests: requests.map((one) => wire(subject, one)),
      connections,
      warmUpMs: 500,
      measuredMs,
    })
  const outcomes = await inTurns(rounds, {
    bare: repeat(bare.target, small, ofSmall),
    small: repeat(small.target, small, ofSmall),
    large: repeat(large.target, large, ofLarge),
  })
  const sizes = [small, large].map(({ filled }) => filled.sizes.repositories.toLocaleString('en'))
  return [
    {
      name,
      measured: share(outcomes.small, outcomes.bare),
      unit: 'ratio',
      bound: 'at least',
      target,
      details: `${describe('bare', outcomes.bare)}, ${describe('acrux', outcomes.small)}`,
    },
    {
      name: `${name}-flat`,
      measured: Math.abs(1 - share(outcomes.large, outcomes.small)),
      unit: 'share',
      bound: 'at most',
      target: 0.15,
      details: `${describe(`with ${sizes[0]}`, outcomes.small)}, ${describe(`with ${sizes[1]}`, outcomes.large)}`,
    },
  ]
}
