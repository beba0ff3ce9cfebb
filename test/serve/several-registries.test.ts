import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createRegistry } from '../harness/arm.ts'
import { accessToken, basic, get, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { askHost } from './ask-host.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { servicePrincipal } = server.firstRun
const owner = { username: servicePrincipal.appId, password: servicePrincipal.password }
const first = server.firstRun.loginServer
const second = (await createRegistry(server, 'fabrikam')).loginServer
await pushImage(server, 'team/app', 'in-first', basic(owner.username, owner.password))
await pushImage(
  onRegistry(server, { loginServer: second }),
  'team/app',
  'in-second',
  basic(owner.username, owner.password),
)

test('A further registry has the name, the suffix and the port as its login server', () => {
  assert.equal(second, `fabrikam.azurecr.localhost:${server.port}`)
})

test('Registries are distinguished by `Host`: each has its own repositories', async () => {
  const authorization = basic(owner.username, owner.password)
  for (const [host, tag] of [
    [first, 'in-first'],
    [second, 'in-second'],
  ] as const) {
    const listed = await askHost(server, host, '/v2/team/app/tags/list', authorization)
    assert.deepEqual(JSON.parse(listed.text), { name: 'team/app', tags: [tag] })
  }
})

test('The case of `Host` does not matter, and the challenge names the registry in lower case', async () => {
  const challenge = `Bearer realm="https://${second}/oauth2/token",service="${second}"`
  for (const host of [second, second.toUpperCase(), second.replace('fabrikam', 'FabriKam')]) {
    const answer = await askHost(server, host, '/v2/')
    assert.equal(answer.status, 401)
    assert.equal(answer.headers['www-authenticate'], challenge)
  }
})

test('The port belongs to the host: without it, or with another, no registry is served', async () => {
  const bare = second.slice(0, second.indexOf(':'))
  for (const host of [bare, `${bare}:1`, `x${second}`, 'somewhere.example.com', `${second}.`, '', 'a b']) {
    const answer = await askHost(server, host, '/v2/', basic(owner.username, owner.password))
    assert.ok(answer.status >= 400 && answer.status < 500 && answer.status !== 401, `${host}: ${answer.status}`)
  }
})

test('A token of one registry is invalid at another, and stays valid at its own', async () => {
  const scope = 'repository:team/app:pull'
  const tokens = {
    first: `Bearer ${await accessToken(server, owner, [scope])}`,
    second: `Bearer ${await accessToken(server, owner, [scope], { loginServer: second })}`,
  }
  const path = (tag: string): string => `/v2/team/app/manifests/${tag}`
  assert.equal((await get(server, path('in-first'), tokens.first)).status, 200)
  assert.equal((await get(server, path('in-second'), tokens.second, { loginServer: second })).status, 200)
  assert.equal((await get(server, path('in-first'), tokens.second)).status, 401)
  assert.equal((await get(server, path('in-second'), tokens.first, { loginServer: second })).status, 401)
})
