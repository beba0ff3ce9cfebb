import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { basic, pushImage, registryUrl } from '../harness/registry.ts'
import { request } from '../harness/http.ts'
import { startServer } from '../harness/server.ts'
import { prepareSurfaceWrites, requireErrorFormat } from './surface-writes.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

test('a database that another process has locked is 503 with Retry-After on every surface, and reads continue', async () => {
  const { servicePrincipal } = server.firstRun
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
  await pushImage(server, 'team/app', '1', authorization)
  const writes = await prepareSurfaceWrites(server)
  const foreign = new DatabaseSync(join(server.dataDir, 'acrux.db'))
  try {
    foreign.exec('begin immediate')
    const answers = await Promise.all(
      Object.entries(writes).map(async ([surface, write]) => ({ surface, answer: await write() })),
    )
    for (const { surface, answer } of answers) {
      // A token is issued without a write where all it needs is known.
      if (surface === 'the token service' && answer.status === 200) continue
      assert.equal(answer.status, 503, `${surface}: ${'html' in answer ? answer.html : answer.text()}`)
      assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/, surface)
      requireErrorFormat(surface, answer)
    }
    const pulled = await request({
      url: `${registryUrl(server)}/v2/team/app/manifests/1`,
      headers: { authorization },
      caFile: server.caFile,
    })
    assert.equal(pulled.status, 200)
  } finally {
    foreign.close()
  }
  for (const [surface, write] of Object.entries(writes)) {
    const { status } = await write()
    assert.ok(status < 400, `${surface} is ${status} although nothing is locked`)
  }
})
