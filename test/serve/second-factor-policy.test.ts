import assert from 'node:assert/strict'
import { test } from 'node:test'
import { request } from '../harness/http.ts'
import { refreshPerson, signInPerson } from '../harness/person.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'

const graph = 'https://graph.microsoft.com'

async function statusOfMe(server: RunningServer, token: string): Promise<number> {
  const url = `${server.baseUrl}/graph/v1.0/me`
  const headers = { authorization: `Bearer ${token}` }
  return (await request({ url, caFile: server.caFile, headers })).status
}

test('a start that requires a second factor ends what passwords alone gave before', async () => {
  using place = tempDir('policy')
  const before = await startServer({ dataDir: place.path })
  const { port } = before
  const tokens = await signInPerson(before, before.firstRun.owner, graph)
  assert.equal(await statusOfMe(before, tokens.access), 200)
  await before[Symbol.asyncDispose]()
  {
    await using same = await startServer({ dataDir: place.path, port })
    assert.equal(await statusOfMe(same, tokens.access), 200, 'a start alone ends nothing')
  }
  const env = { ACRUX_IDENTITY_REQUIRE_SECOND_FACTOR: 'owners' }
  await using server = await startServer({ dataDir: place.path, port, env })
  assert.equal(await statusOfMe(server, tokens.access), 401)
  await assert.rejects(refreshPerson(server, tokens.refresh, `${graph}/.default`), /status 400/)
})
