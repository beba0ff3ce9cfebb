import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { at } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { openAsking, type Setting } from './ask.ts'
import { makeCallers } from './callers.ts'
import { expectDecision, isJudged, isOfRegistry, rejectedEvents, sampleOf, type Denial } from './denials.ts'
import { routesOf, type Route } from './routes.ts'

/** As wide as the titles of all settings but one. */
const titleWidth = 'L L+ A+'.length

const goldenFile = new URL('matrix.golden.txt', import.meta.url)

const settings: readonly (Setting & { readonly title: string })[] = [
  { title: 'L', roleAssignmentMode: 'LegacyRegistryPermissions', anonymousPullEnabled: false },
  { title: 'L+', roleAssignmentMode: 'LegacyRegistryPermissions', anonymousPullEnabled: true },
  { title: 'A', roleAssignmentMode: 'AbacRepositoryPermissions', anonymousPullEnabled: false },
  { title: 'A+', roleAssignmentMode: 'AbacRepositoryPermissions', anonymousPullEnabled: true },
]

/**
 * The settings under which a route is asked: all of them if the data plane or its token service serves it. No other route decides
 * by the mode or by anonymous pull, and two settings that differ in both show if one does.
 */
function settingsOf({ path }: Route): readonly string[] {
  return /^\/(v2|acr|oauth2)\//.test(path) ? settings.map(({ title }) => title) : ['L', 'A+']
}

const server = await startServer({
  args: ['--identity-password-grant', '--behind-proxy', '127.0.0.1', '--log-level', 'error'],
})
after(() => server[Symbol.asyncDispose]())
const callers = await makeCallers(server)
const asking = await openAsking(server)
const routes = await routesOf(server)

/** The statuses of one route under one setting, a column a caller. */
type Statuses = readonly number[]

/** A route's rows: one for all settings with the same statuses. */
function rowsOf({ id, method, path }: Route, seen: ReadonlyMap<string, Statuses>): string {
  const bySetting = Map.groupBy(seen, ([, statuses]) => statuses.join(' '))
  const rows = [...bySetting].map(([statuses, titles]) => {
    const title = bySetting.size === 1 ? 'all' : titles.map(([one]) => one).join(' ')
    return `${title.padEnd(titleWidth)} ${statuses}`
  })
  return [`${id}: ${method} ${withoutDigest(path)}`, ...rows].join('\n')
}

/** A file of the pages has the digest of its content in its name, and is the same row whatever it holds. */
function withoutDigest(path: string): string {
  return path.replace(/\.[0-9a-f]{20}\./, '.{digest}.')
}

/** What the columns and rows of the table stand for. */
function legend(): string {
  const columns = callers.map(({ column, name }) => `${column}  ${name}`)
  const rows = settings.map(({ title, roleAssignmentMode, anonymousPullEnabled }) => {
    return `${title.padEnd(3)}  ${roleAssignmentMode}, anonymous pull ${anonymousPullEnabled ? 'on' : 'off'}`
  })
  const heading = ' '.repeat(titleWidth + 1) + callers.map(({ column }) => column).join(' ')
  return [...columns, '', ...rows, '', heading].join('\n')
}

/** What every route answered to every kind of caller, and every 401 and 403 among that. */
interface Walk {
  readonly seen: ReadonlyMap<Route, ReadonlyMap<string, Statuses>>
  readonly denials: readonly Denial[]
}

let walked: Promise<Walk> | undefined

/** Asks every route as every caller, once under each of its settings, for whichever test comes first. */
function walk(): Promise<Walk> {
  return (walked ??= askEverything())
}

async function askEverything(): Promise<Walk> {
  const seen = new Map(routes.map((route) => [route, new Map<string, Statuses>()]))
  const denials: Denial[] = []
  for (const { title, ...setting } of settings) {
    await asking.begin(setting, callers)
    for (const route of routes.filter((one) => settingsOf(one).includes(title))) {
      const statuses: number[] = []
      for (const caller of callers) {
        const answer = await asking.answerTo(route, caller)
        statuses.push(answer.status)
        if (answer.status === 401 || answer.status === 403) denials.push({ ...answer, setting: title, route, caller })
      }
      assert.ok(Math.max(...statuses) < 500, `${route.id} gave ${statuses.join(' ')}`)
      seen.get(route)?.set(title, statuses)
    }
  }
  return { seen, denials }
}

test('every route answers every kind of caller as the reviewed matrix says, in both modes, with and without anonymous pull', async () => {
  const { seen } = await walk()
  const found = `${[legend(), ...[...seen].map(([route, statuses]) => rowsOf(route, statuses))].join('\n\n')}\n`
  // To write it again, and review it line by line: ACRUX_WRITE_GOLDEN=1 npm test -- test/matrix/matrix.test.ts
  if (process.env.ACRUX_WRITE_GOLDEN === '1') writeFileSync(goldenFile, found)
  assert.deepEqual(found.split('\n'), readFileSync(goldenFile, 'utf8').split('\n'))
})

test('every denial of the matrix can be looked up by its correlation id, in the log and at the registry', async () => {
  const { denials } = await walk()
  assert.ok(denials.length > 1000)
  const events = await rejectedEvents(server)
  const eventOf = ({ correlationId = '' }: Denial) => events.get(correlationId)?.[0]
  for (const denial of denials) {
    const { route, caller, setting, correlationId } = denial
    const which = `${route.id} ${caller.column} ${setting}`
    assert.match(correlationId ?? '', /^[0-9a-f-]{36}$/, which)
    assert.equal(eventOf(denial) !== undefined, isJudged(denial), which)
  }
  const judged = denials.filter((denial) => isJudged(denial) && !['graph', 'identity'].includes(denial.route.surface))
  const failureOf = (denial: Denial) => {
    const failure = at(eventOf(denial), 'detail', 'decision', 'firstFailure')
    return typeof failure === 'string' ? failure : ''
  }
  for (const denial of judged) {
    const which = `${denial.route.id} ${denial.caller.column} ${denial.setting}`
    assert.match(failureOf(denial), /^[a-z-]{5,}$/, which)
    assert.equal(typeof at(eventOf(denial), 'detail', 'decision', 'smallestChange', 'kind'), 'string', which)
  }
  for (const denial of sampleOf(judged.filter(isOfRegistry), failureOf)) {
    await expectDecision(server, denial, eventOf(denial))
  }
})
