/** `npm run bench`: measures the figures of docs/explanation/performance.md, each against a bare server in the same run. */
import { parseArgs } from 'node:util'
import { startTokenIssuer } from '../harness/token-issuer.ts'
import { measureBlobGet, measureBlobPush } from './blobs.ts'
import { startLoad } from './children.ts'
import { twoCores } from './cores.ts'
import { measureDecide } from './decide.ts'
import { measureFairness } from './fairness.ts'
import { type Figure, isMet, type Settings } from './figure.ts'
import { measureObjects } from './objects.ts'
import { document, table } from './report.ts'
import { measureSmallAnswer, smallAnswers } from './small-answers.ts'
import { measurePackage, packageFigures } from './package.ts'
import { measurePeers } from './peers.ts'
import { measurePortal } from './portal.ts'
import { measurePostgres } from './postgres.ts'
import { measureReplicas } from './replicas.ts'
import { measureStartUp } from './start-up.ts'
import { fill, startOn } from './subject.ts'
import { measureRevocation } from './revocation.ts'
import { measureVersions } from './versions.ts'
import { measureWorkerCores } from './worker-cores.ts'
import { measureWorkers } from './workers.ts'

const names = [
  ...smallAnswers.map(({ name }) => name),
  'decide-flat',
  'blob-get',
  'blob-push',
  'start-up',
  'revocation',
]

/** Figures that take so long that they are measured only if they are named. */
const onlyNamed = [
  'fairness',
  'objects',
  'workers',
  'postgres',
  'replicas',
  'peers',
  'versions',
  'portal',
  ...packageFigures,
]

const usage = `npm run bench -- [FIGURE…] [--json] [--rounds N] [--seconds N] [--connections N] [--serve=ARGUMENT]… [--kinds PATTERN] [--view TEXT]… [--peer NAME=PROGRAM]… [--tree FOLDER]

Figures: ${names.join(', ')}; all of them unless some are named.
Only when named: ${onlyNamed.join(', ')}.
fairness looks at each kind of request once, and --rounds more times, 2 by default, at those that are over a limit.
--kinds measures only those kinds of fairness whose names match the regular expression.
--view measures only those views of the portal whose names have the text in them.
--peer names the program of a registry that peers measures beside Acrux: olareg, zot or distribution.
--tree names the clone of another version, with its packages, with which versions compares this one in pairs.
--serve gives the measured server a further argument, such as --serve=--log-level=warn.
`

function positive(text: string, name: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new Error(`--${name} must be a number above 0`)
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      kinds: { type: 'string' },
      view: { type: 'string', multiple: true },
      seconds: { type: 'string', default: '1.5' },
      connections: { type: 'string', default: '64' },
      serve: { type: 'string', multiple: true, default: [] },
      peer: { type: 'string', multiple: true, default: [] },
      tree: { type: 'string' },
    },
  })
  const unknown = positionals.filter((name) => ![...names, ...onlyNamed].includes(name))
  if (unknown.length > 0) throw new Error(`no such figure: ${unknown.join(', ')}\n${usage}`)
  const usualRounds = positionals.includes('fairness') ? '2' : '7'
  return {
    ...values,
    chosen: new Set(positionals.length > 0 ? positionals : names),
    rounds: Math.round(positive(values.rounds ?? usualRounds, 'rounds')),
    measuredMs: positive(values.seconds, 'seconds') * 1000,
    connections: Math.round(positive(values.connections, 'connections')),
  }
}

async function measureSmallAnswers(settings: Settings, chosen: ReadonlySet<string>): Promise<Figure[]> {
  const wanted = smallAnswers.filter(({ name }) => chosen.has(name))
  if (wanted.length === 0) return []
  settings.say('filling two registries')
  await using issuer = wanted.some(({ federated }) => federated === true) ? await startTokenIssuer() : undefined
  using few = await fill({ repositories: 10 }, issuer)
  using many = await fill({ repositories: 100_000 }, issuer)
  await using small = await startOn(few, settings.cores.server, settings.serverArgs)
  await using large = await startOn(many, settings.cores.server, settings.serverArgs)
  const figures: Figure[] = []
  for (const one of wanted) figures.push(...(await measureSmallAnswer(settings, small, large, one)))
  return figures
}

async function measureBlobs(settings: Settings, chosen: ReadonlySet<string>): Promise<Figure[]> {
  const wanted = [
    ...(chosen.has('blob-get') ? [measureBlobGet] : []),
    ...(chosen.has('blob-push') ? [measureBlobPush] : []),
  ]
  if (wanted.length === 0) return []
  using filled = await fill({ repositories: 10 })
  await using subject = await startOn(filled, settings.cores.server, settings.serverArgs)
  const figures: Figure[] = []
  for (const measure of wanted) figures.push(await measure(settings, subject))
  return figures
}

type Selection = {
  readonly chosen: ReadonlySet<string>
  readonly view: readonly string[] | undefined
  readonly peer: readonly string[]
  readonly tree: string | undefined
}

async function measureFigures(settings: Settings, { chosen, view, peer, tree }: Selection): Promise<Figure[]> {
  return [
    ...(await measureSmallAnswers(settings, chosen)),
    ...(chosen.has('decide-flat') ? [await measureDecide(settings)] : []),
    ...(await measureBlobs(settings, chosen)),
    ...(chosen.has('start-up') ? [await measureStartUp(settings)] : []),
    ...(chosen.has('revocation') ? [await measureRevocation(settings)] : []),
    ...(await measurePackage(settings, chosen)),
    ...(chosen.has('objects') ? await measureObjects(settings) : []),
    ...(chosen.has('workers') ? [...(await measureWorkers(settings)), ...(await measureWorkerCores(settings))] : []),
    ...(chosen.has('postgres') ? await measurePostgres(settings) : []),
    ...(chosen.has('replicas') ? await measureReplicas(settings) : []),
    ...(chosen.has('portal') ? await measurePortal(settings, view) : []),
    ...(chosen.has('versions') ? await measureVersions(settings, tree) : []),
    ...(chosen.has('peers') ? await measurePeers(settings, peer) : []),
  ]
}

async function main(): Promise<void> {
  const { chosen, json, help, rounds, measuredMs, connections, serve, kinds, view, peer, tree } = readArguments()
  if (help) {
    process.stdout.write(usage)
    return
  }
  const cores = twoCores()
  await using load = startLoad(cores.load)
  const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`)
  const settings: Settings = { cores, load, rounds, measuredMs, connections, serverArgs: serve, say }
  const figures = await measureFigures(settings, { chosen, view, peer, tree })
  const fairness = chosen.has('fairness')
    ? await measureFairness(settings, kinds === undefined ? undefined : new RegExp(kinds))
    : undefined
  const all = [...figures, ...(fairness?.figures ?? [])]
  const tables = [...(figures.length > 0 ? [table(figures)] : []), ...(fairness === undefined ? [] : [fairness.table])]
  process.stdout.write(`${json ? document(all) : tables.join('\n\n')}\n`)
  // Unlike the other figures, a limit of fairness is a promise.
  if (fairness?.figures.some((figure) => !isMet(figure)) === true) process.exitCode = 2
}

await main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
