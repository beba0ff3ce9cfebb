import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import type { InjectOptions } from 'fastify'
import { type Composition, compose } from './compose.ts'
import { loadConfiguration } from '../configuration/index.ts'
import { fixedIdentity } from '../emulator/index.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { systemClock } from '../platform/process/clock.ts'
import { createLog } from '../platform/log/log.ts'
import { until } from '../../testing/platform/test-patience.ts'

async function emptyDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-compose-'))
  t.after(() => rm(directory, { recursive: true }))
  return directory
}

async function open(dataDir: string): Promise<Composition> {
  return compose(
    await loadConfiguration({ flags: { dataDir, publicHost: 'localhost:5443' }, env: {} }),
    createLog('silent'),
  )
}

test('other users cannot read stored files, for any umask and any creator of the directory', async (t) => {
  const umask = process.umask(0o000)
  t.after(() => process.umask(umask))
  const dataDir = path.join(await emptyDirectory(t), 'data')
  await mkdir(dataDir, { mode: 0o755 })
  const server = await open(dataDir)
  try {
    const app = server.app
    await app.ready()
    assert.equal((await app.inject({ url: '/readyz' })).statusCode, 200)
    const names = await readdir(dataDir, { recursive: true })
    assert.ok(names.includes('acrux.db-wal') && names.includes('master.key') && names.includes('blobs'))
    const readable: string[] = []
    for (const name of names) {
      const { mode } = await stat(path.join(dataDir, name))
      if ((mode & 0o077) !== 0) readable.push(name)
    }
    assert.deepEqual(readable, [path.join('tls', 'ca.pem')], 'everyone may read the certificate of the authority')
  } finally {
    await server.close()
  }
})

test('a first run that was interrupted before its commit starts over, with a new file', async (t) => {
  const dataDir = path.join(await emptyDirectory(t), 'data')
  const file = path.join(dataDir, 'first-run.json')
  await mkdir(dataDir)
  await writeFile(file, '{"servicePrincipal":{"password":"lost"}}', { mode: 0o644 })
  const server = await open(dataDir)
  const made = server.firstRun?.content
  await server.close()
  assert.ok(made !== undefined)
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), made)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const again = await open(dataDir)
  assert.equal(again.firstRun, undefined, 'once it is kept, it is not made again')
  await again.close()
})

test('a copy of a prepared directory has the owners and keys of its first start, and the hosts of its own settings', async (t) => {
  const directory = await emptyDirectory(t)
  const [original, copy] = [path.join(directory, 'original'), path.join(directory, 'copy')]
  const first = await open(original)
  await first.close()
  await rename(path.join(original, 'first-run.json'), path.join(original, 'prepared.json'))
  await cp(original, copy, { recursive: true })
  const settings = { dataDir: copy, publicHost: 'localhost:8443' }
  const configuration = await loadConfiguration({ flags: settings, env: {} })
  await assert.rejects(compose(configuration, createLog('silent')), {
    exitCode: 13,
    message: `${copy} is a data directory of acrux emulator, whose keys and secrets are public`,
  })
  const server = await compose(configuration, createLog('silent'), systemClock, { acceptsPrepared: true })
  const made = server.firstRun?.content
  await server.close()
  assert.deepEqual(made, {
    ...first.firstRun?.content,
    loginServer: 'localhost:8443',
    resourceManager: 'https://localhost:8443',
    caFile: path.join(copy, 'tls', 'ca.pem'),
  })
  assert.deepEqual(JSON.parse(await readFile(path.join(copy, 'first-run.json'), 'utf8')), made)
  assert.ok(!existsSync(path.join(copy, 'prepared.json')))
  const database = new DatabaseSync(path.join(copy, 'acrux.db'))
  const actions = database.prepare('select action from audit_event').all()
  const hosts = database.prepare('select login_server from registry').all()
  database.close()
  assert.deepEqual(
    actions.map(({ action }) => action),
    ['server.first-run'],
    'no registry has moved',
  )
  assert.deepEqual(
    hosts.map((row) => row['login_server']),
    ['localhost:8443'],
  )
})

test('the data of an emulator are rejected, even without the marker file of the directory', async (t) => {
  const dataDir = path.join(await emptyDirectory(t), 'data')
  const configuration = await loadConfiguration({ flags: { dataDir }, env: {} })
  const options = { fixed: fixedIdentity, acceptsPrepared: true }
  const emulator = await compose(configuration, createLog('silent'), systemClock, options)
  await emulator.close()
  await assert.rejects(compose(configuration, createLog('silent')), {
    exitCode: 13,
    message: 'the database contains the data of acrux emulator, whose keys and secrets are public',
  })
})

test('a database that cannot be opened is reported in one line, and not changed', async (t) => {
  const dataDir = path.join(await emptyDirectory(t), 'data')
  await (await open(dataDir)).close()
  const file = path.join(dataDir, 'acrux.db')
  await writeFile(file, 'no database at all '.repeat(100))
  await assert.rejects(open(dataDir), (error) => {
    assert.ok(error instanceof StartupError)
    assert.equal(error.exitCode, exitCodes.dataDirUnusable)
    assert.match(error.message, /^the database .*acrux\.db cannot be opened: file is not a database$/)
    return true
  })
  assert.match(await readFile(file, 'utf8'), /^no database/)
})

test('a server that cannot write reports that it is not ready', async (t) => {
  let writer: Worker | undefined
  process.once('worker', (made) => (writer = made))
  const server = await open(path.join(await emptyDirectory(t), 'data'))
  t.after(() => server.close())
  await server.app.ready()
  const status = async () => (await server.app.inject({ url: '/readyz' })).statusCode
  assert.equal(await status(), 200)
  assert.ok(writer !== undefined)
  await writer.terminate()
  // A report is reused for a second.
  await until('the server is not ready', async () => (await status()) === 503)
})

test("a user's consents end when the user or the application is deleted", async (t) => {
  const dataDir = path.join(await emptyDirectory(t), 'data')
  const server = await open(dataDir)
  t.after(() => server.close())
  const { app, firstRun } = server
  await app.ready()
  assert.ok(firstRun !== undefined)
  const { tenantId, servicePrincipal, loginServer } = firstRun.content
  const headers = { host: loginServer }
  const proof = { client_id: servicePrincipal.appId, client_secret: servicePrincipal.password }
  const {
    method,
    payload,
    headers: type,
  } = form({
    grant_type: 'client_credentials',
    scope: 'https://graph.microsoft.com/.default',
    ...proof,
  })
  const url = `/${tenantId}/oauth2/v2.0/token`
  const token = (await app.inject({ method, url, payload, headers: { ...headers, ...type } } as InjectOptions)).json<{
    access_token: string
  }>().access_token
  const graph = async (verb: 'POST' | 'DELETE', target: string, body?: object) => {
    const authorized = { ...headers, authorization: `Bearer ${token}` }
    const answer = await app.inject({
      method: verb,
      url: `/graph/v1.0${target}`,
      headers: authorized,
      ...(body && { payload: body }),
    })
    assert.ok(answer.statusCode < 300, answer.body)
    return answer.body === '' ? {} : answer.json<Record<string, string>>()
  }
  const makeUser = async (name: string) => {
    const passwordProfile = { password: 'tidal lantern 7 quilt' }
    const names = { displayName: name, userPrincipalName: `${name}@example.com` }
    return (await graph('POST', '/users', { accountEnabled: true, passwordProfile, ...names }))['id'] ?? ''
  }
  const makeApplication = (displayName: string) => graph('POST', '/applications', { displayName })
  const [ada, bob] = [await makeUser('ada'), await makeUser('bob')]
  const [web, other] = [await makeApplication('web'), await makeApplication('other')]
  const database = new DatabaseSync(path.join(dataDir, 'acrux.db'))
  t.after(() => database.close())
  const give = database.prepare('insert into user_consent values (?, ?, ?, 0)')
  for (const person of [ada, bob]) for (const { appId = '' } of [web, other]) give.run(person, appId, 'arm')
  const left = () =>
    database
      .prepare('select object_id, client_id from user_consent')
      .all()
      .map((row) => [row['object_id'], row['client_id']])
  await graph('DELETE', `/users/${ada}`)
  assert.deepEqual(
    left().map(([person]) => person),
    [bob, bob],
  )
  await graph('DELETE', `/applications/${web['id']}`)
  assert.deepEqual(left(), [[bob, other['appId']]])
})

type RequestCase = {
  readonly what: string
  readonly request: InjectOptions
  readonly status: number
  readonly event: readonly [action: string, outcome: 'success' | 'refused', actorKind: string]
}

const form = (fields: Readonly<Record<string, string>>): Pick<InjectOptions, 'method' | 'payload' | 'headers'> => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  payload: new URLSearchParams(fields).toString(),
})

test('every sign-in, token, denial and change records one event, under the correlation id of its response', async (t) => {
  const dataDir = path.join(await emptyDirectory(t), 'data')
  const server = await open(dataDir)
  t.after(() => server.close())
  const { app, firstRun } = server
  await app.ready()
  assert.ok(firstRun !== undefined)
  const { tenantId, subscriptionId, servicePrincipal, loginServer } = firstRun.content
  const { appId, password } = servicePrincipal
  const ask = (request: InjectOptions) => app.inject({ ...request, headers: { host: loginServer, ...request.headers } })
  const basic = (name: string, secret: string) => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
  const signIn = (secret: string, resource: string): InjectOptions => ({
    url: `/${tenantId}/oauth2/v2.0/token`,
    ...form({
      grant_type: 'client_credentials',
      client_id: appId,
      client_secret: secret,
      scope: `${resource}/.default`,
    }),
  })
  const tokenFor = async (resource: string) =>
    (await ask(signIn(password, resource))).json<{ access_token: string }>().access_token
  const arm = await tokenFor('https://management.azure.com')
  const graph = await tokenFor('https://graph.microsoft.com')
  const exchange = (token: string): InjectOptions => ({
    url: '/oauth2/exchange',
    ...form({ grant_type: 'access_token', service: loginServer, access_token: token }),
  })
  const get = (url: string, authorization: string): InjectOptions => ({ url, headers: { authorization } })
  const group = `/subscriptions/${subscriptionId}/resourcegroups/made?api-version=2024-11-01`
  const put = (token: string): InjectOptions => ({
    method: 'PUT',
    url: group,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    payload: { location: 'local' },
  })
  const addApplication = (token: string): InjectOptions => ({
    method: 'POST',
    url: '/graph/v1.0/applications',
    headers: { authorization: `Bearer ${token}` },
    payload: { displayName: 'made' },
  })
  const narrow = await ask(get(`/oauth2/token?service=${loginServer}`, basic(appId, password)))
  const powerless = `Bearer ${narrow.json<{ access_token: string }>().access_token}`
  // prettier-ignore
  const all: readonly RequestCase[] = [
    { what: 'a sign-in',                request: signIn(password, 'https://management.azure.com'),                   status: 200, event: ['identity-token.issue', 'success', 'service-principal'] },
    { what: 'a denied sign-in',        request: signIn('wrong', 'https://management.azure.com'),                    status: 401, event: ['identity-token.issue', 'refused', 'claimed'] },
    { what: 'an exchange',              request: exchange(arm),                                                      status: 200, event: ['token.exchange', 'success', 'service-principal'] },
    { what: 'a denied exchange',       request: exchange(graph),                                                    status: 401, event: ['token.exchange', 'refused', 'service-principal'] },
    { what: 'a token',                  request: get('/oauth2/token?scope=repository:a:pull', basic(appId, password)), status: 200, event: ['token.issue', 'success', 'service-principal'] },
    { what: 'a denied token',          request: get('/oauth2/token?scope=repository:a:pull', basic(appId, 'wrong')), status: 401, event: ['token.issue', 'refused', 'claimed'] },
    { what: 'an anonymous token',       request: { url: '/oauth2/token' },                                           status: 401, event: ['token.issue', 'refused', 'anonymous'] },
    { what: 'a bearer of nobody',       request: get('/v2/', 'Bearer x.y.z'),                                        status: 401, event: ['data.access', 'refused', 'claimed'] },
    { what: 'a wrong password',         request: get('/v2/', basic(appId, 'wrong')),                                 status: 401, event: ['data.access', 'refused', 'claimed'] },
    { what: 'a bearer without a right', request: get('/v2/a/tags/list', powerless),                                  status: 401, event: ['data.access', 'refused', 'service-principal'] },
    { what: 'a change by ARM',          request: put(arm),                                                           status: 201, event: ['resource-group.create', 'success', 'service-principal'] },
    { what: 'a denial by ARM',         request: put(graph),                                                         status: 401, event: ['management.resourceGroups.put', 'refused', 'service-principal'] },
    { what: 'a change by Graph',        request: addApplication(graph),                                              status: 201, event: ['application.create', 'success', 'service-principal'] },
    { what: 'a denial by Graph',       request: addApplication(arm),                                                status: 401, event: ['graph.applications.create', 'refused', 'anonymous'] },
  ]
  const database = new DatabaseSync(path.join(dataDir, 'acrux.db'), { readOnly: true })
  t.after(() => database.close())
  const events = database.prepare('select action, outcome, actor_kind from audit_event where correlation_id = ?')
  for (const { what, request, status, event } of all) {
    const answer = await ask(request)
    assert.equal(answer.statusCode, status, `${what}: ${answer.body}`)
    const rows = events.all(String(answer.headers['x-ms-correlation-request-id']))
    assert.deepEqual(
      rows.map((row) => Object.values(row)),
      [event],
      what,
    )
  }
})
