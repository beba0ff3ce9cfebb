import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, armToken, createServicePrincipal, expectStatus, registryId, resourceGroupId } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { assertGolden } from '../harness/golden.ts'
import { startServer } from '../harness/server.ts'
import { openWire, type Header } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer: service, servicePrincipal, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', '1', owner)
const plain = await createServicePrincipal(server, 'plain')
const forArm = `Bearer ${await armToken(server)}`
const forGraph = `Bearer ${await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)}`

/** Spellings of a content type that a check for the usual one may miss. [CVE-2025-32442, CVE-2026-25223, CVE-2026-33806] */
function spellingsOf(type: string): Record<string, readonly Header[]> {
  const one = (value: string): readonly Header[] => [['Content-Type', value]]
  return {
    'as it is': one(type),
    'in upper case': one(type.toUpperCase()),
    'with a charset': one(`${type}; charset=utf-8`),
    'with a strange charset': one(`${type}; charset=utf-16`),
    'with a tab': one(`${type}\t`),
    'with a tab before the semicolon': one(`${type}\t; charset=utf-8`),
    'with blanks': one(` ${type} `),
    'with a semicolon': one(`${type};`),
    'with a comma': one(`${type},`),
    'with another after a comma': one(`${type}, text/plain`),
    'after another and a comma': one(`text/plain, ${type}`),
    'with a parameter that is empty': one(`${type};=`),
    'with a quotation mark': one(`${type};"`),
    'with a NUL that is written out': one(`${type}%00`),
    'with a suffix': one(`${type}x`),
    'with a structured suffix': one(`${type}+json`),
    twice: [...one(type), ...one(type)],
    'before another': [...one(type), ...one('text/plain')],
    'after another': [...one('text/plain'), ...one(type)],
    none: [],
    empty: one(''),
    'plain text': one('text/plain'),
    anything: one('*/*'),
    'JSON of a kind': one('application/vnd.api+json'),
    'a form': one('application/x-www-form-urlencoded'),
    'a form in parts': one('multipart/form-data; boundary=x'),
    bytes: one('application/octet-stream'),
    'no type': one('application'),
    'the prototype': one('__proto__'),
  }
}

/** A route that reads a body, with bodies that its rules forbid. */
interface Reader {
  method: string
  target: string
  authorization?: string
  type: string
  wrong: readonly string[]
}

const golden = new URL('content-types.golden.txt', import.meta.url)
const version = 'api-version=2025-03-01-preview'
const json = 'application/json'
const form = 'application/x-www-form-urlencoded'
const graphRoot = '/graph/v1.0'
const readers: Record<string, Reader> = {
  'a change of a registry': {
    method: 'PATCH',
    target: `${registryId(server)}?${version}`,
    authorization: forArm,
    type: json,
    wrong: [
      '{"properties":{"adminUserEnabled":"yes"}}',
      '{"properties":{"adminUserEnabled":1}}',
      '{"sku":{"name":"Free"}}',
      '[]',
      '"x"',
      '{',
      'null',
    ],
  },
  'the making of a registry': {
    method: 'PUT',
    target: `${registryId(server, 'wrong1')}?${version}`,
    authorization: forArm,
    type: json,
    wrong: [
      '{"location":5,"sku":{"name":"Premium"}}',
      '{"location":"local","sku":{"name":"Free"}}',
      '{"location":"local","sku":"Premium"}',
      '[]',
      '{',
    ],
  },
  'the renewal of a password': {
    method: 'POST',
    target: `${registryId(server)}/regenerateCredential?${version}`,
    authorization: forArm,
    type: json,
    wrong: ['{"name":"password3"}', '{"name":["password"]}', '{"name":{"x":1}}', '{}', '[]', '{', 'name=password'],
  },
  'the making of a resource group': {
    method: 'PUT',
    target: `/subscriptions/${server.firstRun.subscriptionId}/resourcegroups/wrong1?api-version=2024-11-01`,
    authorization: forArm,
    type: json,
    wrong: ['{"location":5}', '{"location":"local","tags":["x"]}', '[]', '{'],
  },
  'the giving of a role': {
    method: 'PUT',
    target: `${resourceGroupId(server)}/providers/Microsoft.Authorization/roleAssignments/3b9fdb7b-d30c-4d8a-8f9a-1f2e3d4c5b6a?api-version=2022-04-01`,
    authorization: forArm,
    type: json,
    wrong: ['{}', '{"properties":{"principalId":"x","roleDefinitionId":"y"}}', '{"properties":[]}', '{'],
  },
  'the making of an application': {
    method: 'POST',
    target: `${graphRoot}/applications`,
    authorization: forGraph,
    type: json,
    wrong: ['{"displayName":5}', '{}', '{"displayName":""}', '[]', '{', 'displayName=x'],
  },
  'the giving of a secret': {
    method: 'POST',
    target: `${graphRoot}/applications/${plain.applicationObjectId}/addPassword`,
    authorization: forGraph,
    type: json,
    wrong: ['{"passwordCredential":5}', '{"passwordCredential":{"endDateTime":"soon"}}', '[]', '{'],
  },
  'a change of locks': {
    method: 'PATCH',
    target: '/acr/v1/team%2Fapp',
    authorization: owner,
    type: json,
    wrong: ['{"writeEnabled":"no"}', '{"writeEnabled":0}', '[]', '"x"', '{', 'writeEnabled=false'],
  },
  'a manifest': {
    method: 'PUT',
    target: '/v2/team/app/manifests/wrong',
    authorization: owner,
    type: image.mediaType,
    wrong: ['[]', '{', 'null', '"x"', '1', '', '{"schemaVersion":1}', '{"mediaType":5}', '{"subject":{"digest":"x"}}'],
  },
  'a grant of an access token': {
    method: 'POST',
    target: '/oauth2/token',
    type: form,
    wrong: [
      '',
      'grant_type=password&username=a&password=b',
      `{"grant_type":"password","service":"${service}"}`,
      'grant_type=refresh_token&refresh_token=x&refresh_token=y',
      '%',
    ],
  },
  'an exchange': {
    method: 'POST',
    target: '/oauth2/exchange',
    type: form,
    wrong: [
      '',
      `grant_type=access_token&service=${service}&access_token=x`,
      `{"grant_type":"access_token","access_token":"x"}`,
      '%zz',
    ],
  },
  'a grant of an identity token': {
    method: 'POST',
    target: `/${tenantId}/oauth2/v2.0/token`,
    type: form,
    wrong: [
      '',
      'grant_type=client_credentials',
      `grant_type=client_credentials&client_id=${plain.appId}&client_secret=x&scope=x`,
      '{"grant_type":"client_credentials"}',
    ],
  },
}

async function send(reader: Reader, headers: readonly Header[], body: string): Promise<HttpResponse> {
  const { method, target, authorization } = reader
  return wire.send({ method, target, authorization, headers, body })
}

for (const [what, reader] of Object.entries(readers)) {
  test(`fault 41: ${what} follows its rules under every spelling of the content type`, async () => {
    const lines: string[] = []
    for (const [spelling, headers] of Object.entries(spellingsOf(reader.type))) {
      const statuses: number[] = []
      for (const body of reader.wrong) statuses.push((await send(reader, headers, body)).status)
      assert.ok(
        statuses.every((status) => status >= 400 && status < 500),
        `${spelling}: ${statuses.join(' ')}`,
      )
      lines.push(`${spelling}: ${statuses.join(' ')}`)
    }
    assertGolden(golden, what, lines)
  })
}

test('fault 41: what was wrongly asked has changed nothing', async () => {
  const document = expectStatus(await arm(server, 'GET', registryId(server)), 200).json()
  assert.equal(at(document, 'properties', 'adminUserEnabled'), false)
  assert.equal((await arm(server, 'GET', registryId(server, 'wrong1'))).status, 404)
  const locks = await wire.send({ target: '/acr/v1/team%2Fapp', authorization: owner })
  assert.equal(at(locks.json(), 'changeableAttributes', 'writeEnabled'), true)
  assert.equal((await wire.send({ target: '/v2/team/app/manifests/wrong', authorization: owner })).status, 404)
})

test('fault 41: a rule applies to any content coding and framing of a body', async () => {
  const claims: readonly (readonly Header[])[] = [
    [['Content-Encoding', 'gzip']],
    [['Content-Encoding', 'identity, gzip']],
    [['Content-Encoding', 'br']],
    [['Transfer-Encoding', 'chunked']],
    [['Expect', '100-continue']],
    [['Content-MD5', 'AAAA']],
    [['X-HTTP-Method-Override', 'GET']],
  ]
  const lines: string[] = []
  for (const [what, reader] of Object.entries(readers)) {
    const statuses: number[] = []
    for (const claim of claims) {
      const [body = ''] = reader.wrong
      statuses.push((await send(reader, [['Content-Type', reader.type], ...claim], body)).status)
    }
    assert.ok(
      statuses.every((status) => status >= 400 && status < 500),
      `${what}: ${statuses.join(' ')}`,
    )
    lines.push(`${what}: ${statuses.join(' ')}`)
  }
  assertGolden(golden, 'content codings and framings', lines)
})

test('fault 41: another spelling of a type names the same manifest, and an ambiguous type is denied', async () => {
  for (const [spelling, headers] of Object.entries(spellingsOf(image.mediaType))) {
    const target = `/v2/team/app/manifests/t${spelling.length}`
    const put = await wire.send({ method: 'PUT', target, authorization: owner, headers, body: image.manifest })
    if (put.status === 201) {
      const read = await wire.send({ target, authorization: owner })
      assert.equal(read.headers['content-type'], image.mediaType, spelling)
      assert.deepEqual(read.body, image.manifest, spelling)
    } else assert.ok(put.status === 400 || put.status === 415, `${spelling}: ${put.status} ${put.text()}`)
    const contradicts = ['before another', 'after another', 'with a suffix', 'plain text', 'a form', 'JSON of a kind']
    if (contradicts.includes(spelling)) assert.notEqual(put.status, 201, spelling)
  }
})

test('fault 41: content that is no image is denied under every media type', async () => {
  const known = /^application\/vnd\.(?:oci\.image|docker\.distribution)\.[a-z.]*(?:manifest|index)[a-z.]*v\d\+json$/
  for (const body of ['{}', '{"schemaVersion":2}', '{"schemaVersion":2,"config":{},"layers":{}}']) {
    for (const [spelling, headers] of Object.entries(spellingsOf(image.mediaType))) {
      const target = '/v2/team/app/manifests/strange'
      const put = await wire.send({ method: 'PUT', target, authorization: owner, headers, body })
      if (put.status !== 201) {
        assert.ok(put.status === 400 || put.status === 415, `${spelling}: ${put.status}`)
        continue
      }
      const read = await wire.send({ target, authorization: owner })
      assert.doesNotMatch(String(read.headers['content-type']), known, `${body} ${spelling}`)
    }
  }
})

test('a DELETE without a body is carried out for any content type', async () => {
  const groups = '/graph/v1.0/groups'
  for (const type of ['application/json', 'application/json; charset=utf-8', 'text/plain', form, 'x/y']) {
    const headers: readonly Header[] = [['Content-Type', type]]
    const named = { displayName: 'short-lived', mailNickname: 'short-lived', mailEnabled: false, securityEnabled: true }
    const body = JSON.stringify(named)
    const sent = { method: 'POST', target: groups, authorization: forGraph, headers: [['Content-Type', json]] as const }
    const id = stringAt(expectStatus(await wire.send({ ...sent, body }), 201).json(), 'id')
    const target = `${groups}/${id}`
    const deleted = await wire.send({ method: 'DELETE', target, authorization: forGraph, headers })
    assert.equal(deleted.status, 204, `Graph, ${type}: ${deleted.text()}`)
    assert.equal((await wire.send({ target, authorization: forGraph })).status, 404, type)

    const token = `${registryId(server)}/tokens/short-lived?${version}`
    const ofArm = await wire.send({ method: 'DELETE', target: token, authorization: forArm, headers })
    assert.equal(ofArm.status, 204, `ARM, ${type}: ${ofArm.text()}`)

    await pushImage(server, 'team/short-lived', '1', owner)
    for (const path of ['/acr/v1/team/short-lived/_tags/1', '/acr/v1/team/short-lived']) {
      const ofRegistry = await wire.send({ method: 'DELETE', target: path, authorization: owner, headers })
      assert.equal(ofRegistry.status, 202, `${path}, ${type}: ${ofRegistry.text()}`)
    }
  }
})
