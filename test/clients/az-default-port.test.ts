import assert from 'node:assert/strict'
import { mustRun, requirePort443 } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'

import { startServer } from '../harness/server.ts'
import { openWire } from '../faults/wire.ts'
import { azHome, claimsOf, signInArguments, step } from './az/az.ts'
import { keptLogin, makeImage, pull, push } from './az/podman.ts'

/** Hosts with the default port: clients leave it out. */
const written = ['--public-host', 'localhost:443', '--suffix', '.azurecr.localhost:443']

step('with :443 written everywhere, az and podman work as with it left out', ['az', 'podman'], async (t) => {
  if (!(await requirePort443(t))) return
  await using server = await startServer({ port: 443, args: written })
  const { registry, loginServer, resourceManager, servicePrincipal } = server.firstRun
  assert.deepEqual([loginServer, resourceManager], ['localhost', 'https://localhost'])
  using az = azHome(server.caFile, { DOCKER_COMMAND: 'podman' })

  await t.test('az login to a cloud that was registered with the port', async () => {
    await az.text('cloud', 'register', '-n', 'acrux', '--endpoint-resource-manager', 'https://localhost:443')
    await az.text('cloud', 'set', '-n', 'acrux')
    await az.text('config', 'set', 'core.instance_discovery=false')
    await az.text(...signInArguments(server))
    assert.ok(Array.isArray(await az.json('ad', 'sp', 'list', '--all')), 'Graph takes its tokens')
    const graph = 'https://localhost:443/graph'
    await az.text('rest', '--method', 'get', '--resource', graph, '--url', `${graph}/v1.0/servicePrincipals`)
  })

  await t.test('az acr login, and podman pushes and pulls by either spelling', async () => {
    await az.text('acr', 'login', '-n', registry)
    assert.partialDeepStrictEqual(claimsOf(keptLogin(az.home, loginServer).password), { aud: loginServer })
    await makeImage(az.home, 'localhost/tiny:1', 'on the usual port\n')
    const pushed = await push(az.home, 'localhost/tiny:1', `${loginServer}/team/app:1`)
    assert.equal(await pull(az.home, `${loginServer}/team/app:1`), pushed)
    const { appId, password } = servicePrincipal
    const login = ['login', 'localhost:443', '--username', appId, '--password-stdin']
    await mustRun('podman', login, { env: az.home.env, input: password })
    assert.equal(await pull(az.home, 'localhost:443/team/app:1'), pushed)
  })

  await t.test('az acr login to a further registry, which has the suffix without the port', async () => {
    const made = await az.json(
      'acr',
      'create',
      '-n',
      'fabrikam',
      '-g',
      server.firstRun.resourceGroup,
      '--sku',
      'Premium',
    )
    assert.equal(stringAt(made, 'loginServer'), 'fabrikam.azurecr.localhost')
    await az.text('acr', 'login', '-n', 'fabrikam')
  })

  await t.test('whoever writes the port into Host is at home too', async () => {
    const wire = openWire(server)
    t.after(() => wire.close())
    const challenge = await wire.send({ target: '/v2/', host: 'localhost:443' })
    assert.equal(
      challenge.headers['www-authenticate'],
      'Bearer realm="https://localhost/oauth2/token",service="localhost"',
    )
    assert.equal((await wire.send({ target: '/devicelogin', host: 'localhost:443' })).status, 200)
    assert.equal(
      (await wire.send({ target: '/devicelogin', host: 'localhost:444' })).headers.location,
      'https://localhost/devicelogin',
    )
  })
})
