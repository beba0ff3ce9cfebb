import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setAnonymousPull } from '../harness/arm.ts'
import { partsOf } from '../faults/forged-token.ts'
import { clientHome, findProgram, requireClient, requireRoot, type ClientHome, type Ran } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { nullGuid } from '../harness/registry.ts'
import { imageStores, startDocker, type Docker } from './lib/docker.ts'
import { busybox } from './lib/oci-layout.ts'
import { assertFails, distrust, denial } from './lib/steps.ts'
import { everyone, repositoryOf, startUnderTest, type Login } from './lib/under-test.ts'

/** dockerd verifies no certificate of a host whose address is a loopback one, so the registry has another name here. */
const hostname = 'registry.test'
const programs = ['dockerd', 'docker', 'docker-buildx', 'containerd', 'ctr', 'unshare', 'nsenter']

const under = await startUnderTest({ publicHost: hostname })
const { host } = under

after(() => under[Symbol.asyncDispose]())

function required(t: TestContext): boolean {
  return requireRoot(t) && requireClient(t, ...programs)
}

for (const store of imageStores) {
  describe(`docker, with ${store}`, () => {
    const prefix = store === imageStores[0] ? 'classic' : 'containerd'
    let running: Docker | undefined

    before(async () => {
      if (process.getuid?.() !== 0 || !programs.every(findProgram)) return
      running = await startDocker({ hostname, host, store, caFile: under.server.caFile })
    })
    after(() => running?.[Symbol.asyncDispose]())

    function daemon(): Docker {
      if (running === undefined) throw new Error('dockerd is not running')
      return running
    }

    function tryDocker(home: ClientHome, ...args: string[]): Promise<Ran> {
      return daemon().run(home, args)
    }

    async function docker(home: ClientHome, ...args: string[]): Promise<string> {
      const ran = await tryDocker(home, ...args)
      if (ran.code === 0) return ran.stdout
      throw new Error(`docker ${args.join(' ')}: exit ${ran.code ?? 'by signal'}\n${ran.stdout}${ran.stderr}`)
    }

    function logIn(home: ClientHome, { username, password }: Login): Promise<Ran> {
      return daemon().run(home, ['login', '-u', username, '--password-stdin', host], password)
    }

    async function loggedIn(login: Login): Promise<ClientHome> {
      const home = clientHome()
      const ran = await logIn(home, login)
      assert.equal(ran.code, 0, ran.stderr)
      assert.match(ran.stdout, /Login Succeeded/)
      return home
    }

    /** Writes what an image of busybox and a text is built from, and returns the folder. */
    function context(home: ClientHome, text: string): string {
      const dir = join(home.path, 'tmp')
      writeFileSync(join(dir, 'busybox'), busybox(), { mode: 0o755 })
      writeFileSync(join(dir, 'text'), text)
      writeFileSync(join(dir, 'Dockerfile'), 'FROM scratch\nCOPY busybox /bin/busybox\nCOPY text /text\n')
      return dir
    }

    async function build(home: ClientHome, name: string, text: string): Promise<void> {
      await docker(home, 'buildx', 'build', '-q', '--provenance=false', '--load', '-t', name, context(home, text))
    }

    /** Pushes a local image and returns the digest that docker says it has in the registry. */
    async function push(home: ClientHome, name: string): Promise<string> {
      const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await docker(home, 'push', name))?.[1]
      assert.ok(digest, 'docker push tells the digest')
      return digest
    }

    async function pull(home: ClientHome, name: string): Promise<string> {
      const digest = /Digest: (sha256:[0-9a-f]{64})/.exec(await docker(home, 'pull', name))?.[1]
      assert.ok(digest, 'docker pull tells the digest')
      return digest
    }

    for (const who of everyone) {
      test(`docker logs in, pushes and pulls as ${who}, with equal digests`, async (t) => {
        if (!required(t)) return
        using home = await loggedIn(under.logins[who])
        const repository = `${prefix}/${repositoryOf(who)}`
        const name = `${host}/${repository}:1`
        await build(home, name, `${prefix} ${who}`)
        const digest = await push(home, name)
        assert.equal(await under.digestOf(repository, '1'), digest)
        await docker(home, 'rmi', name)
        assert.equal(await pull(home, name), digest)
        assert.equal(await pull(home, `${host}/${repository}@${digest}`), digest)
        const inspected: unknown = JSON.parse(await docker(home, 'image', 'inspect', name))
        assert.ok(listAt(inspected, 0, 'RepoDigests').includes(`${host}/${repository}@${digest}`))
        const manifest: unknown = JSON.parse(await docker(home, 'manifest', 'inspect', '--verbose', name))
        assert.equal(stringAt(manifest, 'Descriptor', 'digest'), digest)
        await docker(home, 'logout', host)
        await docker(home, 'rmi', name)
        assertFails(await tryDocker(home, 'pull', name), denial)
      })
    }

    test('docker keeps an identity token for the null GUID and no password', async (t) => {
      if (!required(t)) return
      const login = under.logins['the null GUID']
      using home = await loggedIn(login)
      const kept: unknown = JSON.parse(readFileSync(join(home.path, 'docker', 'config.json'), 'utf8'))
      assert.equal(stringAt(kept, 'auths', host, 'identitytoken'), login.password)
      assert.equal(Buffer.from(stringAt(kept, 'auths', host, 'auth'), 'base64').toString(), `${nullGuid}:`)
    })

    test('docker stores a refresh token in place of a workload token', async (t) => {
      if (!required(t)) return
      const login = under.logins['a workload token']
      using home = await loggedIn(login)
      const text = readFileSync(join(home.path, 'docker', 'config.json'), 'utf8')
      const kept: unknown = JSON.parse(text)
      assert.equal(Buffer.from(stringAt(kept, 'auths', host, 'auth'), 'base64').toString(), `${login.username}:`)
      const { claims } = partsOf(stringAt(kept, 'auths', host, 'identitytoken'))
      assert.partialDeepStrictEqual(claims, { sub: login.username, aud: host, grant_type: 'refresh_token' })
      assert.equal(Number(claims['exp']) - Number(claims['iat']), 3 * 60 * 60)
      assert.equal(text.includes(login.password), false)
      const password = `${login.password.slice(0, -8)}AAAAAAAA`
      assertFails(await logIn(home, { username: login.username, password }), /token validation failed/)
    })

    test('docker stores the password of a user who has one, and no identity token', async (t) => {
      if (!required(t)) return
      for (const who of ['the admin account', 'a service principal', 'a scoped token'] as const) {
        const { username, password } = under.logins[who]
        using home = await loggedIn(under.logins[who])
        const kept: unknown = JSON.parse(readFileSync(join(home.path, 'docker', 'config.json'), 'utf8'))
        assert.equal(at(kept, 'auths', host, 'identitytoken'), undefined, who)
        assert.equal(Buffer.from(stringAt(kept, 'auths', host, 'auth'), 'base64').toString(), `${username}:${password}`)
      }
    })

    test('buildx builds on an image of the registry and pushes the result', async (t) => {
      if (!required(t)) return
      using home = await loggedIn(under.logins['a service principal'])
      const base = `${host}/${prefix}/base:1`
      await build(home, base, `${prefix} base`)
      await push(home, base)
      await docker(home, 'rmi', base)
      const dir = context(home, 'more')
      writeFileSync(join(dir, 'Dockerfile'), `FROM ${base}\nCOPY text /more\n`)
      const metadata = join(home.path, 'metadata.json')
      const provenance = `--provenance=${prefix === 'containerd' ? 'mode=min' : 'false'}`
      const flags = ['--push', '--pull', '--no-cache', provenance, '--metadata-file', metadata]
      await docker(home, 'buildx', 'build', ...flags, '-t', `${host}/${prefix}/built:1`, dir)
      const built: unknown = JSON.parse(readFileSync(metadata, 'utf8'))
      assert.equal(await under.digestOf(`${prefix}/built`, '1'), stringAt(built, 'containerimage.digest'))
      const raw: unknown = JSON.parse(
        await docker(home, 'buildx', 'imagetools', 'inspect', '--raw', `${host}/${prefix}/built:1`),
      )
      if (prefix === 'containerd') assert.equal(listAt(raw, 'manifests').length, 2, 'the image and its provenance')
      else assert.equal(listAt(raw, 'layers').length, 3)
    })

    test('docker as a principal with AcrPull pulls, and does not push', async (t) => {
      if (!required(t)) return
      const repository = `${prefix}/read-only`
      const name = `${host}/${repository}:1`
      using pusher = await loggedIn(under.logins['the admin account'])
      await build(pusher, name, `${prefix} read only`)
      const digest = await push(pusher, name)
      using home = await loggedIn({ username: under.reader.appId, password: under.reader.password })
      assert.equal(await pull(home, name), digest)
      await build(home, `${host}/${repository}:2`, `${prefix} other`)
      assertFails(await tryDocker(home, 'push', `${host}/${repository}:2`), denial)
      assert.equal(await under.digestOf(repository, '2'), undefined)
    })

    test('docker pulls anonymously while the registry allows it, and never pushes so', async (t) => {
      if (!required(t)) return
      const repository = `${prefix}/anonymous`
      const name = `${host}/${repository}:1`
      using pusher = await loggedIn(under.logins['the admin account'])
      await build(pusher, name, `${prefix} anonymous`)
      const digest = await push(pusher, name)
      using home = clientHome()
      assertFails(await tryDocker(home, 'pull', name), denial)
      await setAnonymousPull(under.server, true)
      assert.equal(await pull(home, name), digest)
      await build(home, `${host}/${repository}:2`, `${prefix} not mine`)
      assertFails(await tryDocker(home, 'push', `${host}/${repository}:2`), denial)
      await setAnonymousPull(under.server, false)
      assertFails(await tryDocker(home, 'pull', name), denial)
      assert.equal(await under.digestOf(repository, '2'), undefined)
    })

    test('docker is not logged in by a wrong password, for any user name', async (t) => {
      if (!required(t)) return
      using home = clientHome()
      for (const { username, password } of Object.values(under.logins)) {
        assertFails(await logIn(home, { username, password: `${password.slice(0, -4)}----` }), denial)
      }
    })

    test('docker does not connect to the server unless dockerd trusts its certificate authority', async (t) => {
      if (!required(t)) return
      await using untrusting = await startDocker({ hostname, host, store })
      using home = clientHome()
      const { username, password } = under.logins['the admin account']
      const login = ['login', '-u', username, '--password-stdin', host]
      assertFails(await untrusting.run(home, login, password), distrust)
      assertFails(await untrusting.run(home, ['pull', `${host}/${prefix}/anonymous:1`]), distrust)
    })
  })
}
