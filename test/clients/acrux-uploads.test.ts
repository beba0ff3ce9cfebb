import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'

const server = await startServer()
const acrux = acruxClient(server.caFile)
after(async () => {
  acrux[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry, servicePrincipal } = server.firstRun
const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
const list = ['acr', 'uploads', 'list', '-r', registry]
const cancel = ['acr', 'uploads', 'cancel', '-n', registry]

before(async () => {
  await acrux.text(principalLogin(server), { input: servicePrincipal.password })
})

/** Starts an upload with some bytes, and returns its id. */
async function startUpload(repository: string, bytes: string): Promise<string> {
  const { caFile } = server
  const url = `${registryUrl(server)}/v2/${repository}/blobs/uploads/`
  const started = await request({ method: 'POST', url, headers: { authorization }, caFile })
  assert.equal(started.status, 202, started.text())
  const id = started.headers['docker-upload-uuid']
  const location = new URL(String(started.headers['location']), registryUrl(server)).href
  const headers = { authorization, 'content-type': 'application/octet-stream' }
  const sent = await request({ method: 'PATCH', url: location, headers, body: bytes, caFile })
  assert.equal(sent.status, 202, sent.text())
  return String(id)
}

test('unfinished uploads are listed and cancelled, by id and by the time of their last data', async () => {
  assert.deepEqual(await acrux.json(list), [])
  const [first, second] = [await startUpload('team/one', 'x'.repeat(2048)), await startUpload('team/two', 'y')]
  const listed = await acrux.json(list)
  assert.deepEqual(
    listAt(listed).map((each) => [stringAt(each, 'id'), stringAt(each, 'repository'), at(each, 'stagedBytes')]),
    [
      [first, 'team/one', 2048],
      [second, 'team/two', 1],
    ],
    'the longest idle one first',
  )
  assert.match(await acrux.text([...list, '-o', 'table']), /team\/one .*2\.0 KiB/i)

  assert.equal(await acrux.text([...cancel, '--idle', '1h', '--yes']), 'cancelled 0 uploads')
  assert.match(await acrux.text([...cancel, '--idle', '0', '--dry-run']), /^would cancel 2 uploads$/m)
  await acrux.fails(1, /cancel 1 uploads \(2\.0 KiB\) of .*\n.*--yes/, [...cancel, '--id', first])
  assert.equal(listAt(await acrux.json(list)).length, 2, 'nothing was cancelled')

  const one = await acrux.text([...cancel, '--id', first, '--yes'])
  assert.equal(one, `cancelled ${first}  team/one  2.0 KiB\ncancelled 1 uploads`)
  const rest = await acrux.json([...cancel, '--idle', '0', '--yes', '-o', 'json'])
  assert.deepEqual(
    listAt(rest, 'cancelled').map((each) => stringAt(each, 'id')),
    [second],
  )
  assert.deepEqual(await acrux.json(list), [])
})

test('wrong options are rejected, and a missing upload has the exit code 3', async () => {
  await acrux.fails(2, /either --id or --idle/, cancel)
  await acrux.fails(2, /either --id or --idle/, [...cancel, '--id', 'x', '--idle', '1h'])
  const missing = '3b1f0c7e-9a4d-4f0e-8d51-6c2b7a90e412'
  await acrux.fails(3, /has no open upload .*\n.*acrux acr uploads list/, [...cancel, '--id', missing, '--yes'])
})
