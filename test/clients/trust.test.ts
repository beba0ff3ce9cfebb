import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { launchChromium } from '../harness/browser.ts'
import { clientHome, findProgram, requireClient, requireRoot, run, type Ran } from '../harness/clients.ts'
import { mainFile } from '../harness/program.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { freePlace, startAcrux } from '../serve/acrux.ts'
import { startContainerd } from './lib/containerd.ts'
import { examplesOf, readDocument } from './lib/examples.ts'
import { writeLayout } from './lib/oci-layout.ts'
import { openPrivateEtc, type PrivateEtc } from './lib/private-etc.ts'
import { assertFails, distrust } from './lib/steps.ts'
import { startUnderTest } from './lib/under-test.ts'

/** containerd verifies no certificate of a host that is called localhost, so the registry has another name here. */
const hostname = 'registry.test'

const under = await startUnderTest({ publicHost: hostname })
const { host, server } = under
const { fingerprint256: fingerprint } = new X509Certificate(readFileSync(server.caFile))
const login = under.logins['a service principal']
after(() => under[Symbol.asyncDispose]())

const acrux = [process.execPath, mainFile, 'trust'] as const
const unshared = ['unshare', 'nsenter'] as const

/** Runs a command in a copy of `/etc`, with a home that trusts only what the system trusts. */
async function withEtc(
  t: TestContext,
  programs: readonly string[],
  work: (etc: PrivateEtc, run: (...command: readonly string[]) => Promise<Ran>, home: string) => Promise<void>,
): Promise<void> {
  if (!requireRoot(t) || !requireClient(t, ...unshared, ...programs)) return
  await using etc = await openPrivateEtc(hostname)
  using home = clientHome()
  await work(
    etc,
    (command = '', ...args) => {
      const [entered, all] = etc.enter(command, args)
      return run(entered, all, { env: { ...home.env, PASSWORD: login.password } })
    },
    home.path,
  )
}

/** The command that signs a client in at the server. */
function signIn(tool: string): readonly string[] {
  return ['sh', '-c', `printf %s "$PASSWORD" | ${tool} login -u ${login.username} --password-stdin ${host}`]
}

function assertDone(ran: Ran): void {
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
}

for (const [place, file] of [
  ['podman', `/etc/containers/certs.d/${host}/ca.crt`],
  ['docker', `/etc/docker/certs.d/${host}/ca.crt`],
] as const) {
  test(`acrux trust --${place} makes skopeo trust the server, which reads the directory of ${place}`, (t) =>
    withEtc(t, ['skopeo'], async (etc, inEtc) => {
      assertFails(await inEtc(...signIn('skopeo')), distrust)
      const before = etc.files()
      const dry = await inEtc(...acrux, host, `--${place}`, '--dry-run')
      assertDone(dry)
      assert.ok(dry.stdout.includes(`${file}: would be written`), dry.stdout)
      assert.deepEqual(etc.files(), before)

      const first = await inEtc(...acrux, host, `--${place}`, '--yes')
      assertDone(first)
      assert.ok(first.stdout.includes(`fingerprint  ${fingerprint}`), first.stdout)
      assert.ok(first.stdout.includes(`${file}: written`), first.stdout)
      assertDone(await inEtc(...signIn('skopeo')))
      const again = await inEtc(...acrux, host, `--${place}`, '--yes')
      assert.ok(again.stdout.includes(`${file}: already written`), again.stdout)

      const undone = await inEtc(...acrux, host, `--${place}`, '--undo')
      assertDone(undone)
      assert.ok(undone.stdout.includes(`${file}: removed`), undone.stdout)
      assert.deepEqual(etc.files(), before)
      assertFails(await inEtc(...signIn('skopeo')), distrust)
      const nothing = await inEtc(...acrux, host, `--${place}`, '--undo')
      assert.ok(nothing.stdout.includes(`${file}: nothing to remove`), nothing.stdout)
    }))
}

test('acrux trust makes podman of a user without administrative rights trust the server', (t) =>
  withEtc(t, ['podman', 'setpriv'], async (etc, inEtc, home) => {
    chownSync(home, 65_534, 65_534)
    const asUser = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const
    const before = etc.files()
    const trusted = await inEtc(...asUser, ...acrux, host, '--podman', '--docker', '--yes')
    assert.equal(trusted.code, 1, trusted.stdout + trusted.stderr)
    const file = join(home, '.config/containers/certs.d', host, 'ca.crt')
    assert.ok(trusted.stdout.includes(`${file}: written`), trusted.stdout + trusted.stderr)
    assert.match(trusted.stderr, /docker: \/etc\/docker\/.*permission denied/)
    assert.match(trusted.stderr, /run the same command with sudo/)
    assert.deepEqual(etc.files(), before)
    assert.ok(new X509Certificate(readFileSync(file)).fingerprint256 === fingerprint)
    // Root has the same home here, so podman reads the file that the user wrote.
    assertDone(await inEtc(...signIn('podman')))
    assertDone(await inEtc(...asUser, ...acrux, host, '--podman', '--undo'))
    assert.equal(existsSync(join(file, '..')), false)
  }))

test('acrux trust --containerd makes ctr trust the server', (t) =>
  withEtc(t, ['containerd', 'ctr', 'skopeo'], async (etc, inEtc, home) => {
    using daemonHome = clientHome()
    await using containerd = await startContainerd(join(daemonHome.path, 'containerd'), daemonHome.env)
    const layout = join(home, 'layout')
    writeLayout(layout, { text: 'trusted' })
    const name = `${host}/containerd/trusted:1`
    const copy = `skopeo copy oci:${layout}:1 docker://${name}`
    const push = `export SSL_CERT_FILE=${server.caFile} && ${signIn('skopeo')[2] ?? ''} && ${copy}`
    assertDone(await inEtc('sh', '-c', push))
    const ctr = ['ctr', '--address', containerd.socket, 'images', 'pull', '--snapshotter', 'native']
    const user = `${login.username}:${login.password}`
    const pull = [...ctr, '--hosts-dir', '/etc/containerd/certs.d', '--user', user, name]
    mkdirSync(join(etc.etc, 'containerd/certs.d'), { recursive: true })
    assertFails(await inEtc(...pull), distrust)
    const before = etc.files()
    const trusted = await inEtc(
      ...acrux,
      host,
      '--containerd',
      '--fingerprint',
      fingerprint.replaceAll(':', '').toLowerCase(),
    )
    assertDone(trusted)
    assert.match(trusted.stdout, /hosts\.toml: written/)
    assert.match(trusted.stdout, /set config_path in \/etc\/containerd\/config\.toml/)
    assertDone(await inEtc(...pull))
    assertDone(await inEtc(...acrux, host, '--containerd', '--undo'))
    assert.deepEqual(etc.files(), before)
  }))

test('acrux trust --system makes curl and openssl trust the server, and --undo restores the list', (t) =>
  withEtc(t, ['curl', 'openssl', 'update-ca-certificates'], async (etc, inEtc) => {
    const get = ['curl', '-sS', '--fail', '--noproxy', '*', `https://${host}/healthz`]
    const verify = [
      'sh',
      '-c',
      `echo | openssl s_client -connect 127.0.0.1:${server.port} -verify_return_error -servername ${hostname}`,
    ]
    assertDone(await inEtc('update-ca-certificates'))
    const before = etc.files()
    assert.equal((await inEtc(...get)).code, 60)
    const trusted = await inEtc(...acrux, host, '--system', '--yes')
    assertDone(trusted)
    assert.match(trusted.stdout, /update-ca-certificates: ran/)
    assertDone(await inEtc(...get))
    assertDone(await inEtc(...verify))
    const undone = await inEtc(...acrux, host, '--system', '--undo')
    assertDone(undone)
    assert.deepEqual(etc.files(), before)
    assert.equal((await inEtc(...get)).code, 60)
  }))

test('acrux trust --system uses update-ca-trust in the layout of Fedora', (t) =>
  withEtc(t, [], async (etc, inEtc, home) => {
    const bin = join(home, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'update-ca-trust'), `#!/bin/sh\necho "$@" >>${join(home, 'updates')}\n`, { mode: 0o755 })
    // This machine is Debian's, whose tool comes first.
    const hidden = join(home, 'hidden')
    writeFileSync(hidden, '')
    const setUp = `mount --bind ${hidden} "$(command -v update-ca-certificates)" && PATH=${bin}:$PATH && exec "$@"`
    const inFedora = (...args: readonly string[]) => inEtc('unshare', '-m', 'sh', '-c', setUp, 'sh', ...acrux, ...args)
    const before = etc.files()
    const trusted = await inFedora(host, '--system', '--yes')
    assertDone(trusted)
    const file = `/etc/pki/ca-trust/source/anchors/acrux-${host.replace(':', '_')}.pem`
    assert.ok(trusted.stdout.includes(`${file}: written`), trusted.stdout)
    assert.equal(readFileSync(join(home, 'updates'), 'utf8'), 'extract\n')
    assertDone(await inFedora(host, '--system', '--undo'))
    assert.deepEqual(etc.files(), before)
    assert.equal(readFileSync(join(home, 'updates'), 'utf8'), 'extract\nextract\n')
  }))

test('acrux trust changes nothing that it did not write', (t) =>
  withEtc(t, [], async (etc, inEtc) => {
    const authority = readFileSync(server.caFile, 'utf8')
    for (const place of ['docker', 'containers', 'containerd']) {
      mkdirSync(join(etc.etc, place, 'certs.d', host), { recursive: true })
    }
    writeFileSync(join(etc.etc, 'docker/certs.d', host, 'ca.crt'), 'another file\n')
    writeFileSync(join(etc.etc, 'containers/certs.d', host, 'ca.crt'), authority)
    writeFileSync(join(etc.etc, 'containerd/certs.d', host, 'hosts.toml'), 'server = "https://mirror.test"\n')
    const before = etc.files()
    const places = ['--docker', '--podman', '--containerd']
    const trusted = await inEtc(...acrux, host, ...places, '--yes')
    assert.equal(trusted.code, 1)
    assert.match(trusted.stderr, /docker: .*ca\.crt exists, but acrux trust did not write this file/)
    assert.match(trusted.stdout, /podman .*already has this authority; acrux trust did not write the file/)
    assert.match(trusted.stderr, /containerd: .*hosts\.toml exists, but acrux trust did not write this file/)
    assert.deepEqual(etc.files(), before)
    const undone = await inEtc(...acrux, host, ...places, '--undo')
    assertDone(undone)
    assert.deepEqual(etc.files(), before)

    const changed = join(etc.etc, 'docker/certs.d', host, 'extra.crt')
    assertDone(await inEtc('rm', `/etc/docker/certs.d/${host}/ca.crt`))
    assertDone(await inEtc(...acrux, host, '--docker', '--yes'))
    writeFileSync(changed, 'of somebody else')
    assertDone(await inEtc(...acrux, host, '--docker', '--undo'))
    assert.deepEqual([existsSync(changed), existsSync(join(changed, '../ca.crt'))], [true, false])
    assertDone(await inEtc(...acrux, host, '--docker', '--yes'))
    const written = join(changed, '../ca.crt')
    writeFileSync(written, `${readFileSync(written, 'utf8')}${authority}`)
    const kept = await inEtc(...acrux, host, '--docker', '--undo')
    assert.match(kept.stdout, /acrux trust did not remove the file, because acrux trust did not write the file/)
    assert.ok(existsSync(written))
  }))

test('acrux trust changes nothing before the fingerprint is confirmed', (t) =>
  withEtc(t, ['script'], async (etc, inEtc) => {
    const before = etc.files()
    const answer = (reply: string) =>
      inEtc('sh', '-c', `printf '${reply}\\n' | script -qec '${[...acrux, host, '--docker'].join(' ')}' /dev/null`)
    const silent = await inEtc(...acrux, host, '--docker')
    assert.equal(silent.code, 3)
    assert.match(silent.stderr, /without a terminal, you cannot confirm the fingerprint/)
    const wrong = await inEtc(...acrux, host, '--docker', '--yes', '--fingerprint', 'AB'.repeat(32))
    assert.equal(wrong.code, 3)
    assert.ok(
      wrong.stderr.includes(`the fingerprint of the certificate authority is ${fingerprint}, not AB:AB`),
      wrong.stderr,
    )
    const no = await answer('n')
    assert.equal(no.code, 3, no.stdout + no.stderr)
    assert.match(no.stdout, /Trust this authority\?/)
    assert.deepEqual(etc.files(), before)
    assertDone(await answer('y'))
    assert.ok(existsSync(join(etc.etc, 'docker/certs.d', host, 'ca.crt')))
  }))

test('acrux trust explains a wrong use, and a server without an authority', async (t) => {
  if (!requireRoot(t)) return
  using plain = await freePlace()
  await using _plain = await startAcrux([...plain.args, '--http'])
  using home = clientHome()
  const trust = (...args: readonly string[]) => {
    const [command, ...before] = acrux
    return run(command, [...before, ...args], { env: home.env })
  }
  const cases: readonly [args: readonly string[], code: number, words: RegExp][] = [
    [[], 2, /name a server, or a file with --ca-file/],
    [['registry.test/team'], 2, /is not HOST or HOST:PORT/],
    [['--ca-file', server.caFile, '--docker'], 2, /--docker needs a server/],
    [[host, '--fingerprint', 'abc'], 2, /must be a SHA-256 fingerprint/],
    [['--ca-file', join(home.path, 'missing.pem')], 2, /cannot be read/],
    [
      ['--ca-file', join(server.dataDir, 'tls/server.pem')],
      2,
      /is not a PEM file with exactly one certificate of a certificate authority/,
    ],
    [[`127.0.0.1:${plain.port}`, '--yes'], 22, /cannot be reached/],
    [['127.0.0.1:9', '--yes'], 22, /cannot be reached: the connection was refused/],
  ]
  for (const [args, code, words] of cases) {
    const ran = await trust(...args)
    assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`)
    assert.match(ran.stderr, words)
  }
})

test('acrux trust --chromium makes Chromium trust the server, and --undo ends that', async (t) => {
  if (!requireClient(t, 'chromium', 'certutil')) return
  await using local = await startServer()
  using home = tempDir('trust-chromium')
  const env = { PATH: process.env['PATH'] ?? '', HOME: home.path }
  const [command, ...before] = acrux
  const trust = (...args: readonly string[]) => run(command, [...before, ...args, '--chromium'], { env })
  const visit = async () => {
    const browser = await launchChromium(home.path)
    try {
      const page = await browser.newPage()
      return (await page.goto(`${local.baseUrl}/healthz`))?.status()
    } finally {
      await browser.close()
    }
  }
  await assert.rejects(visit, /ERR_CERT_AUTHORITY_INVALID/)
  const server = local.firstRun.loginServer
  const trusted = await trust(server, '--yes')
  assertDone(trusted)
  assert.match(trusted.stdout, /"acrux trust localhost_\d+" added/)
  assert.equal(await visit(), 200)
  assert.match((await trust(server, '--yes')).stdout, /already has "acrux trust localhost_\d+"/)
  assertDone(await trust(server, '--undo'))
  await assert.rejects(visit, /ERR_CERT_AUTHORITY_INVALID/)
  assert.match((await trust(server, '--undo')).stdout, /nothing to remove/)
  assertDone(await trust('--ca-file', local.caFile, '--yes'))
  assert.equal(await visit(), 200)
})

test('acrux trust without a place changes every place that is installed', (t) =>
  withEtc(t, ['skopeo', 'docker', 'containerd'], async (_etc, inEtc) => {
    const dry = await inEtc(...acrux, host, '--dry-run')
    assertDone(dry)
    for (const place of ['docker', 'podman', 'containerd', 'system']) {
      assert.match(dry.stdout, new RegExp(`^${place} .*would be written$`, 'm'))
    }
    assert.equal(/^chromium/m.test(dry.stdout), findProgram('chromium') !== undefined)
  }))

test('the commands of the page on trust work', (t) =>
  withEtc(t, ['skopeo'], async (etc, inEtc) => {
    const page = readDocument('docs/how-to/trust.md')
    const before = etc.files()
    const runExample = (name: string) => {
      const script = examplesOf(page, name)
        .replaceAll('registry.example.com', host)
        .replaceAll('sudo acrux trust', acrux.join(' '))
        .replaceAll('$FINGERPRINT', fingerprint)
      return inEtc('sh', '-euc', script)
    }
    assertDone(await runExample('trust'))
    assertDone(await inEtc(...signIn('skopeo')))
    assertDone(await runExample('trust-undo'))
    assert.deepEqual(etc.files(), before)
  }))
