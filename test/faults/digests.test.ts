import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { after, test } from 'node:test'
import type { HttpResponse } from '../harness/http.ts'
import { basic, digestOf, pushImage } from '../harness/registry.ts'
import { assertGolden } from '../harness/golden.ts'
import { startServer } from '../harness/server.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', '1', owner)
const held = image.layers[0]?.digest ?? ''
const hex = held.slice('sha256:'.length)
const bytes = Buffer.from('bytes that no digest below is of\n')
const sha256 = digestOf(bytes)
const sha512 = `sha512:${createHash('sha512').update(bytes).digest('hex')}`
const md5 = createHash('md5').update(bytes).digest('hex')
const sha1 = createHash('sha1').update(bytes).digest('hex')
const sha384 = createHash('sha384').update(bytes).digest('hex')

/** What is no digest of ours, as it stands in a query or a path; the digest of the bytes is `right`. */
function noDigests(right: string): Record<string, string> {
  const digits = right.slice(right.indexOf(':') + 1)
  return {
    'upper-case digits': `sha256:${digits.toUpperCase()}`,
    'an upper-case algorithm': `SHA256:${digits}`,
    'no algorithm': digits,
    'an empty algorithm': `:${digits}`,
    'no digits': 'sha256:',
    'an algorithm alone': 'sha256',
    'a digit too few': `sha256:${digits.slice(1)}`,
    'a digit too many': `sha256:${digits}0`,
    'no hexadecimal digit': `sha256:${'g'.repeat(64)}`,
    md5: `md5:${md5}`,
    sha1: `sha1:${sha1}`,
    sha384: `sha384:${sha384}`,
    'an unknown algorithm': `whirl:${digits}`,
    'an algorithm of the prototype': `constructor:${digits}`,
    'sha512 with the digits of sha256': `sha512:${digits}`,
    'sha256 with the digits of sha512': `sha256:${sha512.slice('sha512:'.length)}`,
    'a combined algorithm': `sha256+b64u:${digits}`,
    'two algorithms': `sha256:sha256:${digits}`,
    'a path upwards': 'sha256:../../../../etc/passwd',
    'an escaped path upwards': 'sha256:%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    'an escape of an escape': `sha256%253A${digits}`,
    'a slash': `sha256:${digits.slice(0, 32)}%2f${digits.slice(33)}`,
    'a NUL': `sha256:${digits.slice(0, 63)}%00`,
    'a NUL at the end': `sha256:${digits}%00`,
    'a line end': `sha256:${digits}%0a`,
    'a blank before': `%20sha256:${digits}`,
    'a blank behind': `sha256:${digits}%20`,
    'digits of full width': `sha256:${encodeURIComponent('０'.repeat(64))}`,
    'a star': 'sha256:*',
    SQL: "sha256:'%20OR%20'1'='1",
    'a very long one': `sha256:${'0'.repeat(3000)}`,
  }
}

const golden = new URL('digests.golden.txt', import.meta.url)

async function begin(): Promise<string> {
  const begun = await wire.send({ method: 'POST', target: '/v2/team/app/blobs/uploads/', authorization: owner })
  assert.equal(begun.status, 202)
  return begun.headers.location ?? ''
}

async function finish(location: string, digestQuery: string): Promise<HttpResponse> {
  const target = `${location}${location.includes('?') ? '&' : '?'}${digestQuery}`
  return wire.send({ method: 'PUT', target, authorization: owner, body: bytes })
}

async function isHeld(digest: string): Promise<boolean> {
  const { status } = await wire.send({ method: 'HEAD', target: `/v2/team/app/blobs/${digest}`, authorization: owner })
  return status === 200
}

function assertRejected(answer: HttpResponse, what: string): void {
  assert.equal(answer.status, 400, `${what}: ${answer.status} ${answer.text().slice(0, 200)}`)
  assert.match(answer.text(), /"code":"(?:DIGEST|NAME|BLOB_UPLOAD)_INVALID"/, what)
}

test('fault 45: an upload does not end under what is no digest, and nothing is kept', async () => {
  for (const [what, digest] of Object.entries(noDigests(sha256))) {
    assertRejected(await finish(await begin(), `digest=${digest}`), what)
  }
  for (const query of [
    'digest=',
    'digest',
    'digest[]=x',
    `Digest=${sha256}`,
    `digest%00=${sha256}`,
    'digest=null',
    'digest=undefined',
    'digest=false',
    'digest=0',
    '',
  ]) {
    assertRejected(await finish(await begin(), query), `?${query}`)
  }
  assert.equal(await isHeld(sha256), false)
  assert.equal(await isHeld(sha512), false)
})

test('fault 45: a digest that is said twice ends no upload, whichever of the two is right', async () => {
  const wrong = digestOf(randomBytes(8))
  for (const query of [
    `digest=${sha256}&digest=${wrong}`,
    `digest=${wrong}&digest=${sha256}`,
    `digest=${sha256}&digest=`,
    `digest=&digest=${sha256}`,
    `digest=${sha256}&digest=${sha512}`,
    `digest=${sha256},${wrong}`,
  ]) {
    assertRejected(await finish(await begin(), query), query)
  }
  assert.equal(await isHeld(wrong), false)
  assert.equal(await isHeld(sha256), false)
})

test('fault 45: a blob that is sent at once is kept under its own digest only', async () => {
  const wrong = digestOf(randomBytes(8))
  const send = async (query: string): Promise<HttpResponse> =>
    wire.send({ method: 'POST', target: `/v2/team/app/blobs/uploads/?${query}`, authorization: owner, body: bytes })
  for (const [what, digest] of Object.entries({
    ...noDigests(sha256),
    'another digest': wrong,
    'a held digest': held,
  })) {
    const answer = await send(`digest=${digest}`)
    assertRejected(answer, what)
  }
  for (const query of [`digest=${sha256}&digest=${wrong}`, `digest=${wrong}&digest=${sha256}`]) {
    assertRejected(await send(query), query)
  }
  assertRejected(await send('digest='), 'an empty digest')
  assert.equal(await isHeld(wrong), false)
  assert.equal(await isHeld(sha256), false)
})

test('fault 45: bytes that are not those of the digest are rejected, in all the ways there are to send them', async () => {
  const wrong = digestOf(randomBytes(8))
  for (const digest of [wrong, held, digestOf(Buffer.alloc(0)), `sha512:${'0'.repeat(128)}`]) {
    assertRejected(await finish(await begin(), `digest=${digest}`), 'in the end')
    const location = await begin()
    const patched = await wire.send({ method: 'PATCH', target: location, authorization: owner, body: bytes })
    assert.equal(patched.status, 202)
    const target = `${patched.headers.location}&digest=${digest}`
    assertRejected(await wire.send({ method: 'PUT', target, authorization: owner }), 'before the end')
  }
  assert.equal(await isHeld(wrong), false)
  const kept = await wire.send({ target: `/v2/team/app/blobs/${held}`, authorization: owner })
  assert.equal(digestOf(kept.body), held)
})

test('fault 45: what is no digest reads, deletes, mounts and describes nothing', async () => {
  const lines: string[] = []
  for (const [what, digest] of Object.entries(noDigests(held))) {
    const targets: readonly (readonly [method: string, target: string, statuses: readonly number[]])[] = [
      ['GET', `/v2/team/app/blobs/${digest}`, [400, 404]],
      ['HEAD', `/v2/team/app/blobs/${digest}`, [400, 404]],
      ['DELETE', `/v2/team/app/blobs/${digest}`, [400, 404, 405]],
      ['GET', `/v2/team/app/manifests/${digest}`, [400, 404]],
      ['DELETE', `/v2/team/app/manifests/${digest}`, [400, 404, 405]],
      ['GET', `/v2/team/app/referrers/${digest}`, [400, 404]],
      ['GET', `/acr/v1/team%2Fapp/_manifests/${digest}`, [400, 404]],
      ['PATCH', `/acr/v1/team%2Fapp/_manifests/${digest}`, [400, 404, 415]],
      ['POST', `/v2/team/other/blobs/uploads/?mount=${digest}&from=team/app`, [202, 400]],
      ['POST', `/v2/team/other/blobs/uploads/?mount=${digest}`, [202, 400]],
    ]
    for (const [method, target, statuses] of targets) {
      const answer = await wire.send({ method, target, authorization: owner })
      assert.ok(statuses.includes(answer.status), `${what}: ${method} ${target}: ${answer.status}`)
      lines.push(`${what}: ${method} ${target.replace(digest, 'DIGEST')}: ${answer.status}`)
      assert.ok(!answer.text().includes('root:'), what)
    }
  }
  assertGolden(golden, 'no digest', lines)
  assert.equal(await isHeld(held), true)
  assert.equal(await isHeld(hex), false)
})

test('fault 45: a manifest is kept under its own digest only, however that is spelt', async () => {
  const manifest = image.manifest
  const headers = [['Content-Type', image.mediaType] as const]
  const lines: string[] = []
  const cases = { ...noDigests(image.digest), 'another digest': digestOf(randomBytes(8)), 'that of a blob': held }
  for (const [what, digest] of Object.entries(cases)) {
    const target = `/v2/team/app/manifests/${digest}`
    const answer = await wire.send({ method: 'PUT', target, authorization: owner, headers, body: manifest })
    lines.push(`${what}: ${answer.status}`)
    if (digest === 'sha256' || what === 'no algorithm') {
      // Without a colon it is a tag.
      assert.ok([201, 400].includes(answer.status), what)
    } else assert.ok([400, 404].includes(answer.status), `${what}: ${answer.status}`)
  }
  assertGolden(golden, 'a manifest under no digest', lines)
  const tags = await wire.send({ target: '/v2/team/app/tags/list', authorization: owner })
  assert.deepEqual(
    (tags.json() as { tags: string[] }).tags.filter((tag) => !/^[0-9a-f]{64}$|^sha256$/.test(tag)),
    ['1'],
  )
})

test('fault 45: the state that an upload carries in its URL is not believed', async () => {
  for (const [what, change] of Object.entries<(location: string) => string>({
    'another state': (location) => location.replace(/_state=[^&]*/, '_state=AAAA'),
    'an empty state': (location) => location.replace(/_state=[^&]*/, '_state='),
    'no state': (location) => location.replace(/\?.*$/, '?x=y'),
    'two states': (location) => `${location}&_state=BBBB`,
    'a state that is very long': (location) => location.replace(/_state=[^&]*/, `_state=${'A'.repeat(3000)}`),
    'an offset': (location) => `${location}&offset=1000000&size=0`,
  })) {
    const location = change(await begin())
    const answer = await finish(location, `digest=${digestOf(randomBytes(8))}`)
    assert.ok([400, 404].includes(answer.status), `${what}: ${answer.status}`)
  }
  const one = await begin()
  const other = await begin()
  const crossed = one.replace(/_state=[^&]*/, /_state=[^&]*/.exec(other)?.[0] ?? '')
  await wire.send({ method: 'PATCH', target: crossed, authorization: owner, body: 'x' })
  const untouched = await wire.send({ target: other, authorization: owner })
  assert.equal(untouched.status, 204)
  assert.equal(untouched.headers.range, '0-0')
})

test('fault 45: an upload id is no path', async () => {
  const ids = [
    '..',
    '%2e%2e',
    '..%2f..',
    '.',
    '%00',
    'a%2fb',
    '%5c',
    'con',
    "'",
    '*',
    'a'.repeat(2000),
    '-1',
    '0',
    'null',
  ]
  for (const id of ids) {
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const target = `/v2/team/app/blobs/uploads/${id}?digest=${sha256}`
      const answer = await wire.send({ method, target, authorization: owner, ...(method === 'PATCH' && { body: 'x' }) })
      assert.ok([400, 404, 405].includes(answer.status), `${method} ${id}: ${answer.status}`)
    }
  }
  assert.deepEqual(
    readdirSync(server.dataDir).filter(
      (name) =>
        !/^(?:acrux\.db(?:-wal|-shm)?|ballast|blob-mark|blobs|control\.sock|hold|first-run\.json|lock|master\.key|tls)$/.test(
          name,
        ),
    ),
    [],
  )
})

test('fault 45: the right digest ends an upload, by either algorithm, so that the denials mean something', async () => {
  for (const digest of [sha256, sha512, encodeURIComponent(sha256)]) {
    const ended = await finish(await begin(), `digest=${digest}`)
    assert.equal(ended.status, 201, ended.text())
    assert.equal(ended.headers['docker-content-digest'], decodeURIComponent(digest))
    assert.equal(await isHeld(digest), true)
  }
})
