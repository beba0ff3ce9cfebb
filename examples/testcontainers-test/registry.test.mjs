// A test with a local Azure Container Registry in a container of its own. Run it with: node --test
// Replace registry.example.com; npm install testcontainers
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { request } from 'node:https'
import { test } from 'node:test'
import { GenericContainer, Wait } from 'testcontainers'

const token = randomUUID()

test('a pull without a token is denied', async () => {
  await using acrux = await new GenericContainer('registry.example.com/acrux:0.1.0')
    .withCommand([
      'emulator',
      '--listen=0.0.0.0:5443',
      '--public-host=from-request',
      '--control=0.0.0.0:5444',
      '--control-token=@/run/control-token',
      '--allow-network',
    ])
    .withCopyContentToContainer([{ content: token, target: '/run/control-token', mode: 0o444 }])
    .withExposedPorts(5443, 5444)
    .withWaitStrategy(Wait.forLogMessage(/acrux: ready at/))
    .start()
  const control = `http://${acrux.getHost()}:${acrux.getMappedPort(5444)}/_acrux`
  const ca = await (await fetch(`${control}/ca`, { headers: { authorization: `Bearer ${token}` } })).text()
  const loginServer = `${acrux.getHost()}:${acrux.getMappedPort(5443)}`
  assert.equal(await statusOf(`https://${loginServer}/v2/`, ca), 401)
})

/** The status of a request that trusts one authority. */
function statusOf(url, ca) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca }, (response) => resolve(response.resume().statusCode))
    sent.on('error', reject).end()
  })
}
