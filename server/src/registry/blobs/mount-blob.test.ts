import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  type BlobAnswer,
  blobDigest,
  pushBlob,
  pushManifest,
  useBlobServer,
} from '../../../testing/registry/test-blobs.ts'
import { seenFirst } from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) describe(`mounts on ${kind}`, () => testMounts(kind))

function testMounts(kind: (typeof testDatabaseKinds)[number]): void {
  const used = useBlobServer(kind)
  beforeEach(() => {
    used.server.gate.mayPull = async () => true
  })

  const mount = (query: string) => used.server.send('POST', `/v2/${used.repository}/blobs/uploads/?mount=${query}`)
  const isMounted = async (digest: string) =>
    (await used.server.send('HEAD', `/v2/${used.repository}/blobs/${digest}`)).status === 200

  it('a blob is mounted from a repository from which the caller may pull', async () => {
    const { server, repository: target } = used
    const digest = await pushBlob(server, `${target}/source`, `layer of ${target}`)
    const answer = await mount(`${digest}&from=${target}/source`)
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.location, `/v2/${target}/blobs/${digest}`)
    assert.equal(answer.headers['docker-content-digest'], digest)
    await server.send('DELETE', `/v2/${target}/source/blobs/${digest}`)
    assert.equal((await server.send('GET', `/v2/${target}/blobs/${digest}`)).body.toString(), `layer of ${target}`)
  })

  it('a mount that is not possible starts an upload instead', async () => {
    const { server, repository: target } = used
    const content = `layer of ${target}`
    const digest = await pushBlob(server, `${target}/source`, content)
    const queries = {
      'no such repository': `${digest}&from=${target}/none`,
      'no such blob': `${blobDigest('not pushed')}&from=${target}/source`,
      'no such blob anywhere': blobDigest('not pushed'),
      'no name': `${digest}&from=..%2Fx`,
      'an empty name': `${digest}&from=`,
      'two names': `${digest}&from=${target}/source&from=${target}/source`,
      'no digest': `&from=${target}/source`,
      'a malformed digest': `sha256:xyz&from=${target}/source`,
    }
    for (const [why, query] of Object.entries(queries)) {
      const answer = await mount(query)
      assert.equal(answer.status, 202, why)
      const location = String(answer.headers.location)
      assert.equal((await server.send('DELETE', location)).status, 204, why)
    }
    assert.equal(await isMounted(digest), false)
    const begun = await mount(`${digest}&from=${target}/none`)
    const finished = await server.send('PUT', `${String(begun.headers.location)}&digest=${digest}`, { body: content })
    assert.equal(finished.status, 201)
  })

  it('the response does not reveal whether the source is missing or the caller may not pull from it [harbor #23270]', async () => {
    const { server, repository: target } = used
    const digest = await pushBlob(server, `${target}/secret`, `secret of ${target}`)
    server.gate.mayPull = async (repository) => !repository.endsWith('/secret')
    const forbidden = await mount(`${digest}&from=${target}/secret`)
    const absent = await mount(`${digest}&from=${target}/absent`)
    assert.deepEqual(shapeOf(forbidden), shapeOf(absent))
    assert.equal(forbidden.status, 202)
    assert.equal(await isMounted(digest), false)
  })

  it('a mount checks the permission on the source and looks up the blob, whether or not the source exists', async () => {
    const { server, repository: target } = used
    const asked: string[] = []
    server.gate.mayPull = async (repository) => {
      asked.push(repository)
      return false
    }
    await mount(`${blobDigest('x')}&from=${target}/absent`)
    await pushBlob(server, `${target}/secret`, 'x')
    await mount(`${blobDigest('x')}&from=${target}/secret`)
    assert.deepEqual(asked, [`${target}/absent`, `${target}/secret`])
  })

  it('a mount without a source searches only the repositories from which the caller may pull', async () => {
    const { server, repository: target } = used
    const content = `shared by ${target}`
    const digest = await pushBlob(server, `${target}/a-secret`, content)
    server.gate.mayPull = async (repository) => repository.endsWith('/open')
    assert.equal((await mount(digest)).status, 202)
    await pushBlob(server, `${target}/open`, content)
    assert.equal((await mount(digest)).status, 201)
    assert.equal(await isMounted(digest), true)
  })

  it('a blob of another registry is not mounted', async () => {
    const { server, repository: target } = used
    const content = `elsewhere for ${target}`
    const digest = await pushBlob(server, `${target}/source`, content, { host: 'two.example' })
    assert.equal((await mount(`${digest}&from=${target}/source`)).status, 202)
    assert.equal((await mount(digest)).status, 202)
  })

  it('no blob is mounted from a repository that is locked against reading', async () => {
    const { server, repository: target } = used
    const digest = await pushBlob(server, `${target}/source`, `locked for ${target}`)
    await pushManifest(server, `${target}/source`, 'latest', [`locked for ${target}`])
    const locked = await server.send('PATCH', `/acr/v1/${target}/source`, {
      headers: { 'content-type': 'application/json' },
      body: '{"readEnabled":false}',
    })
    assert.equal(locked.status, 200)
    assert.equal((await server.send('GET', `/v2/${target}/source/blobs/${digest}`)).status, 405)
    assert.equal((await mount(`${digest}&from=${target}/source`)).status, 202)
    assert.equal((await mount(digest)).status, 202)
  })

  it('a credential from before the deletion of the source mounts no blob of a new repository with the same name', async () => {
    const { server, repository: target } = used
    const source = `${target}/source`
    await pushBlob(server, source, 'old')
    await pushManifest(server, source, 'latest', ['old'])
    assert.equal((await server.send('DELETE', `/acr/v1/${source}`)).status, 202)
    server.gate.deletionsSeen = Infinity
    const digest = await pushBlob(server, source, `new of ${target}`)
    server.gate.deletionsSeen = seenFirst
    assert.equal((await mount(`${digest}&from=${source}`)).status, 202)
    assert.equal((await mount(digest)).status, 202)
    server.gate.deletionsSeen = Infinity
    assert.equal((await mount(`${digest}&from=${source}`)).status, 201)
  })

  it('the audit log contains a mount with its source', async () => {
    const { server, repository: target } = used
    const digest = await pushBlob(server, `${target}/source`, `recorded for ${target}`)
    await mount(`${digest}&from=${target}/source`)
    const rows = await server.database
      .tables<{ audit_event: { action: string; target: string; detail: string } }>()
      .selectFrom('audit_event')
      .selectAll()
      .where('action', '=', 'blob.mount')
      .where('target', '=', `one.example/${target}@${digest}`)
      .execute()
    assert.deepEqual(
      rows.map(({ detail }) => JSON.parse(detail) as unknown),
      [{ from: `${target}/source` }],
    )
  })
}

/** The parts of a response that must be equal. The random headers are omitted. */
function shapeOf({ status, headers, body }: BlobAnswer) {
  const random = ['date', 'location', 'docker-upload-uuid', 'x-ms-correlation-request-id', 'x-ms-request-id']
  const kept = Object.entries(headers).filter(([name]) => !random.includes(name))
  return { status, headers: Object.fromEntries(kept), names: Object.keys(headers), body: body.toString() }
}
