import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientHome, mustRun, requireClient } from '../harness/clients.ts'
import { type HttpResponse, form, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { basic } from '../harness/registry.ts'
import { until } from '../harness/until.ts'
import { keptLogin, makeImage, pull, push } from '../clients/az/podman.ts'
import { askHost } from './ask-host.ts'
import { type Place, freePlace, startAcrux } from './acrux.ts'

const caFileIn = ({ dataDir }: Place) => join(dataDir, 'tls', 'ca.pem')

async function ownerOf({ dataDir }: Place): Promise<{ appId: string; password: string }> {
  const content: unknown = JSON.parse(await readFile(join(dataDir, 'first-run.json'), 'utf8'))
  return {
    appId: stringAt(content, 'servicePrincipal', 'appId'),
    password: stringAt(content, 'servicePrincipal', 'password'),
  }
}

const challengeOf = ({ headers }: HttpResponse) => String(headers['www-authenticate'])

test('podman signs in, pushes and pulls at an address that the server listens on, without a public host', async (t) => {
  if (!requireClient(t, 'podman')) return
  using place = await freePlace()
  const address = `127.0.0.2:${place.port}`
  await using server = await startAcrux([...place.args, '--listen', address])
  using home = clientHome(caFileIn(place))
  const owner = await ownerOf(place)
  const login = ['login', address, '-u', owner.appId, '--password-stdin']
  await mustRun('podman', login, { env: home.env, input: owner.password })
  assert.equal(keptLogin(home, address).username, owner.appId)
  await makeImage(home, 'localhost/tiny:1', 'by an address\n')
  const pushed = await push(home, 'localhost/tiny:1', `${address}/team/app:1`)
  assert.equal(await pull(home, `${address}/team/app:1`), pushed)
  const url = `https://localhost:${place.port}/v2/team/app/manifests/1`
  const headers = { authorization: basic(owner.appId, owner.password), accept: '*/*' }
  const atPublicHost = await request({ url, headers, caFile: caFileIn(place) })
  assert.equal(atPublicHost.headers['docker-content-digest'], pushed, server.stderr())
})

test('a challenge at an address leads to the token service at that address, whose tokens hold at either host', async () => {
  using place = await freePlace()
  const { port } = place
  await using _server = await startAcrux([...place.args, '--listen', `127.0.0.2:${port}`])
  const { appId, password } = await ownerOf(place)
  const caFile = caFileIn(place)
  const at = `https://127.0.0.2:${port}`
  const challenged = await request({ url: `${at}/v2/`, caFile })
  assert.equal(challenged.status, 401)
  const realm = `${at}/oauth2/token`
  assert.equal(challengeOf(challenged), `Bearer realm="${realm}",service="127.0.0.2:${port}"`)
  const headers = { authorization: basic(appId, password) }
  const scope = 'repository:app:pull'
  const byQuery = await request({ url: `${realm}?service=127.0.0.2:${port}&scope=${scope}`, headers, caFile })
  assert.equal(byQuery.status, 200, byQuery.text())
  const service = `127.0.0.2:${port}`
  const grant = { grant_type: 'password', username: appId, password, scope, service, access_type: 'offline' }
  const byForm = await request({ url: realm, method: 'POST', ...form(grant), caFile })
  assert.equal(byForm.status, 200, byForm.text())
  for (const answer of [byQuery, byForm]) {
    const authorization = `Bearer ${stringAt(answer.json(), 'access_token')}`
    for (const host of [at, `https://localhost:${port}`, `https://127.0.0.1:${port}`]) {
      assert.equal((await request({ url: `${host}/v2/`, headers: { authorization }, caFile })).status, 200, host)
    }
  }
})

test('a host other than the address of the connection is rejected in every spelling', async () => {
  using place = await freePlace()
  const { port } = place
  await using _server = await startAcrux([...place.args, '--listen', `127.0.0.2:${port}`])
  const caFile = caFileIn(place)
  const foreign = [
    `127.0.0.1:${port}`,
    '127.0.0.2',
    `127.0.0.2:${port + 1}`,
    `127.0.0.3:${port}`,
    `127.0.0.2.example.com:${port}`,
    `0.0.0.0:${port}`,
    `[::ffff:127.0.0.2]:${port}`,
    `evil.example:${port}`,
    `user@127.0.0.2:${port}`,
  ]
  for (const host of foreign) {
    for (const path of ['/v2/', '/oauth2/token?scope=repository:app:pull']) {
      const answer = await askHost({ address: '127.0.0.2', port, caFile }, host, path)
      assert.ok([400, 404].includes(answer.status), `${host}${path}: ${answer.status}`)
      assert.equal(answer.headers['www-authenticate'], undefined, host)
    }
  }
})

test('a public host that is set is the only one, and so is that of a server behind a proxy', async () => {
  for (const more of [
    ['--public-host', 'registry.example.com'],
    ['--http', '--behind-proxy', '127.0.0.1'],
  ]) {
    using place = await freePlace()
    await using server = await startAcrux([...place.args, ...more])
    const isHttp = more.includes('--http')
    const url = `${isHttp ? 'http' : 'https'}://127.0.0.1:${place.port}/v2/`
    const answer = await request({ url, ...(!isHttp && { caFile: caFileIn(place) }) })
    assert.equal(answer.status, 404, more.join(' '))
    assert.equal(stringAt(answer.json(), 'errors', 0, 'message').includes(`127.0.0.1:${place.port}`), true)
    assert.doesNotMatch(server.stdout(), /no public host/)
  }
})

test('a server for every address prints where clients reach it and what to set, and serves with a valid certificate there', async () => {
  using place = await freePlace()
  const { port } = place
  const every = ['--data-dir', place.dataDir, '--listen', `0.0.0.0:${port}`]
  const machine = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
  {
    await using server = await startAcrux(every)
    const [notice = ''] = /^acrux: no public host is set.*$/m.exec(server.stdout()) ?? []
    for (const word of [
      `localhost:${port}`,
      '--public-host',
      '--renew-ca',
      ...machine.map((address) => `${address}:${port}`),
    ]) {
      assert.ok(notice.includes(word), `${word}: ${notice}`)
      await until(`${word} is in the log`, () => server.stderr().includes(word))
    }
    for (const address of machine) {
      const answer = await request({ url: `https://${address}:${port}/v2/`, caFile: caFileIn(place) })
      assert.match(challengeOf(answer), new RegExp(`realm="https://${address}:${port}/oauth2/token"`))
    }
    const certificate = new X509Certificate(await readFile(join(place.dataDir, 'tls', 'server.pem')))
    for (const address of machine) assert.equal(certificate.checkIP(address), address)
  }
  const asked = [...every, '--public-host', `registry.example.com:${port}`, '--renew-ca']
  await using told = await startAcrux(asked)
  assert.doesNotMatch(told.stdout() + told.stderr(), /no public host/)
})
