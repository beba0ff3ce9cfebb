import assert from 'node:assert/strict'
import { type RequestListener } from 'node:http'
import { after, test } from 'node:test'
import { arm, expectStatus, graph, registryId } from '../harness/arm.ts'
import { run } from '../harness/clients.ts'
import { mainFile } from '../harness/program.ts'
import { startServer } from '../harness/server.ts'
import { serveHttps } from '../harness/token-issuer.ts'
import { acruxClient } from './acrux/acrux.ts'
import { step } from './az/az.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const { servicePrincipal, subscriptionId, tenantId, resourceGroup } = server.firstRun

/** A title for the window, a command with one byte, a deletion, a reversed order of letters, and an invisible letter. */
const hostile = ['\u001b]0;title\u0007', '\u009b31m', '\u007f', '\u202etxt.exe', '\u2066a', '\u{e0041}']
const text = hostile.join('|')
const unsafe = /[^\P{Cc}\n\r\t]|\p{Cf}/u

test('no text of a request of ARM or Graph that is shown later may contain control characters', async () => {
  const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
  const registry = registryId(server)
  const tagged = (tags: object) => ({ location: 'local', tags })
  for (const control of ['\u001b[2J', '\u009b2J', '\u007f', '\u202e', '\u2067', '\u200f']) {
    const value = `a${control}b`
    const bodies: readonly [method: string, path: string, body: object][] = [
      ['PATCH', `${registry}?api-version=2023-07-01`, { tags: { team: value } }],
      ['PATCH', `${registry}?api-version=2023-07-01`, { tags: { [value]: 'a' } }],
      ['PUT', `${group}x?api-version=2021-04-01`, tagged({ team: value })],
      [
        'PUT',
        `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/odd?api-version=2023-01-31`,
        tagged({ team: value }),
      ],
      [
        'PUT',
        `${registry}/scopeMaps/odd?api-version=2023-07-01`,
        { properties: { description: value, actions: ['repositories/app/content/read'] } },
      ],
    ]
    for (const [method, path, body] of bodies) {
      const answer = await arm(server, method, path, body)
      assert.equal(answer.status, 400, `${method} ${path} ${JSON.stringify(body)}`)
      assert.doesNotMatch(answer.body.toString(), unsafe)
    }
    for (const [path, body] of [
      ['/applications', { displayName: value }],
      ['/groups', { displayName: value, mailEnabled: false, mailNickname: 'a', securityEnabled: true }],
      [
        '/groups',
        { displayName: 'a', description: value, mailEnabled: false, mailNickname: 'a', securityEnabled: true },
      ],
    ] as const)
      expectStatus(await graph(server, 'POST', path, body), 400)
  }
  expectStatus(await arm(server, 'PATCH', `${registry}?api-version=2023-07-01`, { tags: { team: 'Zoë שלום 👩‍🚀' } }), 200)
})

/** A server whose answers have hostile texts wherever a text is shown. */
function answersOf(origin: string): Readonly<Record<string, object>> {
  const groups = `/subscriptions/${subscriptionId}/resourcegroups`
  const group = {
    id: `${groups}/one`,
    name: text,
    location: text,
    tags: { [text]: text },
    properties: { provisioningState: text },
  }
  return {
    '/metadata/endpoints': {
      name: 'Acrux',
      resourceManager: origin,
      authentication: { loginEndpoint: origin, audiences: ['https://management.core.windows.net/'] },
      suffixes: {},
    },
    [`/${tenantId}/oauth2/v2.0/token`]: { token_type: 'Bearer', expires_in: 3599, access_token: 'e30.e30.' },
    '/subscriptions': { value: [{ subscriptionId, tenantId, displayName: text, state: 'Enabled' }] },
    [groups]: { value: [group] },
    [`${groups}/one`]: group,
  }
}

step(
  'what a server sends reaches a terminal without control characters, in every format',
  ['openssl', 'script'],
  async () => {
    const answer =
      (origin: string): RequestListener =>
      (incoming, response) => {
        const found =
          answersOf(origin)[
            decodeURIComponent(incoming.url?.split('?')[0] ?? '').replace('resourceGroups', 'resourcegroups')
          ]
        response.writeHead(found === undefined ? 403 : 200)
        response.end(JSON.stringify(found ?? { error: { code: text, message: text } }))
      }
    await using hostileServer = await serveHttps(answer)
    using client = acruxClient()
    const who = ['--service-principal', '-u', servicePrincipal.appId, '-p', '-', '--tenant', tenantId]
    const at = ['--server', hostileServer.origin, '--ca-file', hostileServer.caFile]
    await client.text(['login', ...at, ...who], { input: 'not a secret of anyone' })
    const onTerminal = async (args: readonly string[]): Promise<string> => {
      const command = [process.execPath, mainFile, ...args].map((each) => `'${each}'`).join(' ')
      const env = { ...client.home.env, ACRUX_CONFIG_DIR: client.configDir, TERM: 'xterm', NO_COLOR: '1' }
      const ran = await run('script', ['-qec', command, '/dev/null'], { env, input: '' })
      assert.doesNotMatch(ran.stdout, unsafe, `${args.join(' ')}: ${JSON.stringify(ran.stdout)}`)
      return ran.stdout
    }
    for (const format of ['json', 'jsonc', 'yaml', 'yamlc', 'table', 'tsv'])
      for (const line of [
        'group list',
        'account list',
        'group list --query [].tags',
        'group list --query [].[name,location]',
      ])
        await onTerminal([...line.split(' '), '-o', format])
    for (const line of ['acr list', 'group show -n two', 'ad app list', 'group list --debug'])
      assert.match(await onTerminal(line.split(' ')), /acrux: /)

    const piped = async (format: string): Promise<string> => client.text(['group', 'list', '-o', format])
    for (const format of ['json', 'jsonc', 'yaml', 'yamlc']) assert.doesNotMatch(await piped(format), unsafe, format)
    const [group] = JSON.parse(await piped('json')) as readonly [{ name: string; tags: Record<string, string> }]
    assert.deepEqual([group.name, group.tags], [text, { [text]: text }])
    const query = ['group', 'list', '--query', '[].name', '-o', 'tsv']
    assert.equal(await client.text(query), text)
  },
)
