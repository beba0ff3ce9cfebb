import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { arm, createRegistry, expectStatus, registryId } from '../harness/arm.ts'
import { type HttpResponse, request } from '../harness/http.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, onRegistry, type PushedImage, pushBlob, pushImage, registryUrl } from '../harness/registry.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'

/** A change of content by way of a server, and what cannot be read afterwards. */
interface Change {
  readonly when: string
  readonly make: (on: RunningServer, image: PushedImage) => Promise<unknown>
  /** The path of what is gone, below the repository's. */
  readonly gone: (image: PushedImage) => string
  /** Lets it be read again. */
  readonly undo: (on: RunningServer, image: PushedImage) => Promise<unknown>
}

test('three servers on one PostgreSQL: what one deletes or locks, no server serves from the next request on', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  await using first = await startServer({ args: database.args })
  await using second = await startReplica(first, database)
  await using third = await startReplica(first, database)
  const servers = [first, second, third]
  const { servicePrincipal } = first.firstRun
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
  const send = (on: RunningServer, method: string, path: string, body?: unknown): Promise<HttpResponse> =>
    request({
      method,
      url: `${registryUrl(first)}${path}`,
      caFile: on.caFile,
      headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const done = async (on: RunningServer, method: string, path: string, body?: unknown): Promise<void> => {
    expectStatus(await send(on, method, path, body), 200, 202)
  }
  const statuses = (method: string, path: string): Promise<number[]> =>
    Promise.all(servers.map(async (on) => (await send(on, method, path)).status))
  /** All servers serve it from memory afterwards. */
  const load = async (path: string): Promise<void> => {
    for (const method of ['GET', 'HEAD', 'GET']) assert.deepEqual(await statuses(method, path), [200, 200, 200], path)
  }
  const pushAgain = (on: RunningServer) => pushImage(on, 'team/app', '1', authorization)
  const image = await pushAgain(first)
  const manifest = ({ digest }: PushedImage) => `manifests/${digest}`
  const layer = ({ layers }: PushedImage) => `blobs/${layers[0]?.digest}`
  const lock = (readEnabled: boolean, path: (of: PushedImage) => string) => (on: RunningServer, of: PushedImage) =>
    done(on, 'PATCH', `/acr/v1/team/app${path(of)}`, { readEnabled })

  const changes: readonly Change[] = [
    {
      when: 'a manifest is deleted',
      make: (on, { digest }) => done(on, 'DELETE', `/v2/team/app/manifests/${digest}`),
      gone: manifest,
      undo: pushAgain,
    },
    {
      when: 'a manifest may not be read',
      make: lock(false, ({ digest }) => `/_manifests/${digest}`),
      gone: manifest,
      undo: lock(true, ({ digest }) => `/_manifests/${digest}`),
    },
    {
      when: 'a repository may not be read',
      make: lock(false, () => ''),
      gone: manifest,
      undo: lock(true, () => ''),
    },
    {
      when: 'the blobs of a repository may not be read',
      make: lock(false, () => ''),
      gone: layer,
      undo: lock(true, () => ''),
    },
    {
      when: 'a repository is deleted',
      make: (on) => done(on, 'DELETE', '/acr/v1/team/app'),
      gone: manifest,
      undo: pushAgain,
    },
    {
      when: 'a repository with a blob is deleted',
      make: (on) => done(on, 'DELETE', '/acr/v1/team/app'),
      gone: layer,
      undo: pushAgain,
    },
  ]
  for (const { when, make, gone, undo } of changes) {
    await t.test(`when ${when}`, async () => {
      for (const on of servers) {
        await load(`/v2/team/app/${gone(image)}`)
        await make(on, image)
        for (const method of ['GET', 'HEAD']) {
          const found = await statuses(method, `/v2/team/app/${gone(image)}`)
          assert.ok(!found.includes(200), `${method}: ${found.join(', ')}`)
        }
        await undo(on, image)
      }
    })
  }

  await t.test('when a blob is deleted', async () => {
    for (const on of servers) {
      const bytes = randomBytes(1000)
      const { digest } = await pushBlob(on, 'team/app', bytes, authorization)
      // Its bytes stay, because another repository holds it, too.
      await pushBlob(on, 'team/other', bytes, authorization)
      await load(`/v2/team/app/blobs/${digest}`)
      await done(on, 'DELETE', `/v2/team/app/blobs/${digest}`)
      for (const method of ['HEAD', 'GET'])
        assert.deepEqual(await statuses(method, `/v2/team/app/blobs/${digest}`), [404, 404, 404])
    }
  })

  await t.test('when a registry is deleted', async () => {
    const other = { ...(await createRegistry(first, 'other')), registry: 'other' }
    const pushed = await pushImage(onRegistry(first, other), 'team/app', '1', authorization)
    const url = `${registryUrl(first, other)}/v2/team/app/manifests/${pushed.digest}`
    const found = (): Promise<number[]> =>
      Promise.all(
        servers.map(async ({ caFile }) => (await request({ url, caFile, headers: { authorization } })).status),
      )
    for (let time = 0; time < 2; time += 1) assert.deepEqual(await found(), [200, 200, 200])
    expectStatus(await arm(first, 'DELETE', registryId(first, 'other')), 200, 202)
    assert.ok(!(await found()).includes(200))
  })

  await t.test('when one of them is stopped meanwhile', async () => {
    const path = `/v2/team/app/manifests/${image.digest}`
    await load(path)
    process.kill(third.pid, 'SIGSTOP')
    try {
      await done(first, 'DELETE', path)
      const late = send(third, 'GET', path)
      assert.equal((await send(second, 'GET', path)).status, 404)
      process.kill(third.pid, 'SIGCONT')
      assert.equal((await late).status, 404)
    } finally {
      process.kill(third.pid, 'SIGCONT')
    }
    await pushAgain(first)
  })

  await t.test('a tag that one moves names the new manifest on all', async () => {
    for (const on of servers) {
      const { digest } = await pushImage(on, 'team/app', { tag: '1', layers: [randomBytes(100)] }, authorization)
      for (const method of ['HEAD', 'GET', 'GET']) {
        const found = await Promise.all(servers.map((each) => send(each, method, '/v2/team/app/manifests/1')))
        for (const { headers } of found) assert.equal(headers['docker-content-digest'], digest)
      }
    }
    await pushAgain(first)
  })

  await t.test('a push waits for no server, and changes no revision', async () => {
    const revisions = () => database.query('select value, content from authority_revision')
    const before = revisions()
    await pushImage(second, 'team/app', { tag: '1', layers: [randomBytes(100)] }, authorization)
    await pushImage(first, 'team/app', '1', authorization)
    assert.equal(revisions(), before)
    await load('/v2/team/app/manifests/1')
  })
})
