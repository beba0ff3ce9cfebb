import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { clientHome, mustRun, requireClient, requireTool, type ClientHome } from '../harness/clients.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { accessToken, basic, pushImage, registryUrl } from '../harness/registry.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { writeLayout } from './lib/oci-layout.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'
import { loggedIn } from './lib/steps.ts'
import { startUnderTest } from './lib/under-test.ts'

const under = await startUnderTest()
const { host, server } = under
const scratch = tempDir('tag-history')
after(async () => {
  scratch.remove()
  await under[Symbol.asyncDispose]()
})

const tls = ['--plain-http=false']
const program = under.logins['a service principal']

async function push(home: ClientHome, name: string, text: string): Promise<string> {
  writeFileSync(join(home.path, 'notes.txt'), text)
  const args = ['push', '--format', 'json', name, 'notes.txt:text/plain', ...tls]
  const pushed = await mustRun('oras', args, { env: home.env, cwd: home.path })
  return stringAt(JSON.parse(pushed.stdout), 'digest')
}

async function pulledText(home: ClientHome, name: string): Promise<string> {
  const out = join(home.path, 'out')
  mkdirSync(out, { recursive: true })
  await mustRun('oras', ['pull', '-o', out, name, ...tls], { env: home.env, cwd: home.path })
  return readFileSync(join(out, 'notes.txt'), 'utf8')
}

function send(method: string, path: string, authorization: string, body?: unknown): Promise<HttpResponse> {
  return request({
    method,
    url: `${registryUrl(server)}${path}`,
    headers: { authorization, 'content-type': 'application/json' },
    caFile: server.caFile,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function historyOf(repository: string, tag: string, authorization: string) {
  const answer = await send('GET', `/acr/v1/${encodeURIComponent(repository)}/_tags/${tag}/_history`, authorization)
  assert.equal(answer.status, 200, answer.text())
  return listAt(answer.json(), 'changes').map((change) => [
    stringAt(change, 'cause'),
    at(change, 'digest'),
    stringAt(change, 'by', 'kind'),
    stringAt(change, 'by', 'name'),
  ])
}

test('pushes of oras are changes of a tag, and after a revert, oras pulls the earlier content', async (t) => {
  if (!requireClient(t, 'oras')) return
  using program1 = await loggedIn('oras', under, program, tls)
  using token = await loggedIn('oras', under, under.logins['a scoped token'], tls)
  const repository = 'clients/history'
  const name = `${host}/${repository}:1`
  const first = await push(program1, name, 'first')
  const second = await push(token, name, 'second')
  assert.equal(await pulledText(program1, name), 'second')
  const authorization = basic(program.username, program.password)
  const path = `/acr/v1/${encodeURIComponent(repository)}/_tags/1`
  const reverted = await send('POST', `${path}/_revert`, authorization, { digest: first })
  assert.equal(reverted.status, 200, reverted.text())
  assert.equal(stringAt(reverted.json(), 'tag', 'digest'), first)
  assert.equal(await pulledText(token, name), 'first')
  assert.deepEqual(await historyOf(repository, '1', authorization), [
    ['revert', first, 'servicePrincipal', 'pusher'],
    ['push', second, 'token', 'nightly'],
    ['push', first, 'servicePrincipal', 'pusher'],
  ])
  const images = await send('GET', `/acr/v1/${encodeURIComponent(repository)}/_images?orderby=name`, authorization)
  assert.equal(images.status, 200, images.text())
  assert.deepEqual(
    listAt(images.json(), 'images').map((image) => [at(image, 'tags', 0, 'name'), stringAt(image, 'type')]),
    [
      ['1', 'artifact'],
      [undefined, 'artifact'],
    ],
  )
  const pull = await accessToken(server, program, [`repository:${repository}:pull`])
  const denied = await send('POST', `${path}/_revert`, `Bearer ${pull}`, { digest: second })
  assert.equal(denied.status, 401)
  assert.match(denied.headers['www-authenticate'] ?? '', /scope="repository:clients\/history:pull,push"/)
  assert.equal(await under.digestOf(repository, '1'), first)
})

test('a tag that crane moves and deletes has its changes', async (t) => {
  if (!requireTool(t, 'crane')) return
  using home = clientHome(server.caFile)
  const crane = (...args: string[]) => mustRun('crane', args, { env: home.env, cwd: home.path })
  const login = ['auth', 'login', host, '-u', program.username, '--password-stdin']
  await mustRun('crane', login, { env: home.env, input: program.password })
  const repository = 'clients/crane-history'
  const name = `${host}/${repository}`
  const digests: string[] = []
  for (const text of ['first', 'second']) {
    const layout = join(scratch.path, text)
    digests.push(writeLayout(layout, { text }).digest)
    await crane('push', layout, `${name}:${text}`)
  }
  const [first, second] = digests
  await crane('tag', `${name}:first`, 'stable')
  await crane('tag', `${name}:second`, 'stable')
  await crane('delete', `${name}:stable`)
  const authorization = basic(program.username, program.password)
  assert.deepEqual(await historyOf(repository, 'stable', authorization), [
    ['delete', undefined, 'servicePrincipal', 'pusher'],
    ['push', second, 'servicePrincipal', 'pusher'],
    ['push', first, 'servicePrincipal', 'pusher'],
  ])
  const path = `/acr/v1/${encodeURIComponent(repository)}/_tags/stable`
  assert.equal((await send('POST', `${path}/_revert`, authorization, { digest: first })).status, 200)
  const { stdout } = await crane('digest', `${name}:stable`)
  assert.equal(stdout.trim(), first)
})

test('acrux lists the changes of a tag, and reverts the tag after a confirmation', async () => {
  const repository = 'clients/acrux-history'
  const authorization = basic(server.firstRun.servicePrincipal.appId, server.firstRun.servicePrincipal.password)
  const [first, second] = [
    (await pushImage(server, repository, { tag: '1', layers: [Buffer.from('first')] }, authorization)).digest,
    (await pushImage(server, repository, { tag: '1', layers: [Buffer.from('second')] }, authorization)).digest,
  ]
  using acrux = acruxClient(server.caFile)
  await acrux.text(principalLogin(server), { input: server.firstRun.servicePrincipal.password })
  const image = ['-r', server.firstRun.registry, '-n', `${repository}:1`]
  const digests = async () =>
    listAt({ changes: await acrux.json(['acr', 'tag', 'history', ...image]) }, 'changes').map((change) =>
      at(change, 'digest'),
    )
  assert.deepEqual(await digests(), [second, first])
  const table = await acrux.text(['acr', 'tag', 'history', ...image, '-o', 'table'])
  assert.match(table, /^Time +Cause +By +Digest +Exists/)
  const revert = ['acr', 'tag', 'revert', ...image]
  const planned = { repository, tag: '1', from: second, to: first }
  assert.deepEqual(await acrux.json([...revert, '--dry-run']), planned)
  await acrux.fails(1, /--yes/, revert)
  assert.equal(await under.digestOf(repository, '1'), second, 'nothing has changed yet')
  assert.equal(at(await acrux.json([...revert, '--yes']), 'tag', 'digest'), first)
  assert.equal(await under.digestOf(repository, '1'), first)
  await acrux.json([...revert, '--to', second, '--yes'])
  assert.deepEqual(await digests(), [second, first, second, first])
  await acrux.fails(1, /no earlier manifest|Error/, [
    'acr',
    'tag',
    'revert',
    ...image,
    '--to',
    `sha256:${'0'.repeat(64)}`,
    '--yes',
  ])
})
