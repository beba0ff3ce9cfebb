import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arm, createRegistry, expectStatus, registryId } from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, basic, get, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'
import { askHost } from './ask-host.ts'
import { freePlace, startAcrux, runAcrux } from './acrux.ts'

const path = '/v2/team/app/manifests/1'

const ownerOf = ({ firstRun: { servicePrincipal } }: RunningServer) => ({
  username: servicePrincipal.appId,
  password: servicePrincipal.password,
})

test('A server that is started with another port serves there what it has, and nothing at the old hosts', async () => {
  using folder = tempDir('moved')
  const dataDir = `${folder.path}/data`
  const old = await (async () => {
    await using server = await startServer({ dataDir })
    const owner = ownerOf(server)
    const first = server.firstRun.loginServer
    const second = (await createRegistry(server, 'fabrikam')).loginServer
    for (const loginServer of [first, second]) {
      await pushImage(onRegistry(server, { loginServer }), 'team/app', '1', basic(owner.username, owner.password))
    }
    return { hosts: [first, second], token: await accessToken(server, owner, ['repository:team/app:pull']) }
  })()
  await using server = await startServer({ dataDir })
  const { username, password } = ownerOf(server)
  const [first, second] = [`localhost:${server.port}`, `fabrikam.azurecr.localhost:${server.port}`]
  for (const loginServer of [first, second]) {
    assert.equal((await get(server, path, basic(username, password), { loginServer })).status, 200, loginServer)
  }
  for (const host of old.hosts) {
    assert.equal((await askHost(server, host, path, basic(username, password))).status, 404, host)
  }
  assert.equal((await get(server, path, `Bearer ${old.token}`, { loginServer: first })).status, 401)
  const shown = expectStatus(await arm(server, 'GET', registryId(server, 'fabrikam')), 200)
  assert.equal(stringAt(shown.json(), 'properties', 'loginServer'), second)
  const line = 'the settings changed the login server of a registry'
  await until('a line in the log', () => server.output().includes(line))
})

test('Two registries with one login server end the start with code 2, and nothing is changed', async () => {
  using folder = tempDir('moved')
  const dataDir = `${folder.path}/data`
  using place = await freePlace()
  {
    await using server = await startServer({ dataDir, port: place.port })
    await createRegistry(server, 'fabrikam')
  }
  const serve = ['--data-dir', dataDir, '--listen', `127.0.0.1:${place.port}`]
  const ended = await runAcrux(['serve', ...serve, '--public-host', `fabrikam.azurecr.localhost:${place.port}`])
  assert.equal(ended.code, 2)
  assert.match(ended.stderr, /two registries would have the login server fabrikam\.azurecr\.localhost:\d+/)
  await using again = await startAcrux(serve)
  assert.doesNotMatch(again.stdout(), /another login server/)
})
