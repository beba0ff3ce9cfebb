import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { mustRun } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'
import { type Started, freePlace, runAcrux, startAcrux } from '../serve/acrux.ts'

type Case = { readonly args: readonly string[]; readonly code: number; readonly says: RegExp; readonly why: string }

async function assertAllFail(cases: readonly Case[]): Promise<void> {
  for (const { args, code, says, why } of cases) {
    using place = await freePlace()
    const ran = await runAcrux(['serve', ...place.args, ...args])
    assert.equal(ran.code, code, `${why}: ${ran.stderr}`)
    assert.match(ran.stderr, says, why)
    assert.match(ran.stderr, /^ {7}\S/m, `${why}: what to do`)
    assert.doesNotMatch(ran.stderr, /secret1/, `${why}: the password`)
  }
}

async function started(args: readonly string[]): Promise<void> {
  using place = await freePlace()
  await using server = await startAcrux([...place.args, ...args])
  server.signal('SIGTERM')
  assert.equal((await server.ended).code, 0)
}

test('a start with a PostgreSQL that cannot be used ends with the reason and the next step', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  using files = tempDir('wrong-password')
  const wrong = join(files.path, 'wrong')
  writeFileSync(wrong, 'secret1\n', { mode: 0o600 })
  const open = join(files.path, 'open')
  copyFileSync(postgres.passwordFile, open)
  chmodSync(open, 0o644)
  const { url } = postgres.createDatabase('acrux')
  postgres.createDatabase(`latin template template0 encoding 'LATIN1'`)
  const newer = postgres.createDatabase('newer')
  newer.query('create table schema_migration (id text primary key, applied_at_ms bigint not null)')
  newer.query(`insert into schema_migration values ('future-0001-unknown', 0)`)
  const development = postgres.createDatabase('development')
  development.query('create table schema_migration (id text primary key, applied_at_ms bigint not null)')
  development.query(`insert into schema_migration values ('audit-0001-tables', 0), ('registry-0001-tables', 0)`)
  const password = ['--database-password-file', postgres.passwordFile]
  const to = (database: string): string => `postgres://acrux@${postgres.host}/${database}`
  await assertAllFail([
    {
      args: ['--database', url.replace('acrux@', 'acrux:secret1@')],
      code: 2,
      says: /must contain no password/,
      why: 'a password in an argument',
    },
    { args: ['--database', 'mysql://a@b/c'], code: 2, says: /must be postgres:/, why: 'another product' },
    {
      args: ['--database', url, '--database-password-file', open],
      code: 2,
      says: /accessed by other users/,
      why: 'a password that others can read',
    },
    {
      args: ['--database', url, '--database-password-command', 'echo secret1 >&2; exit 3'],
      code: 2,
      says: /exited with code 3/,
      why: 'a command that fails',
    },
    { args: ['--database-direct-url', url], code: 2, says: /also set database/, why: 'a direct URL alone' },
    { args: ['--database', url], code: 18, says: /requires a password/, why: 'no password' },
    {
      args: ['--database', url, '--database-password-file', wrong],
      code: 18,
      says: /password authentication failed/,
      why: 'a wrong password',
    },
    { args: ['--database', to('none'), ...password], code: 18, says: /does not exist/, why: 'no such database' },
    { args: ['--database', to('latin'), ...password], code: 18, says: /encoding LATIN1/, why: 'another encoding' },
    { args: ['--database', to('newer'), ...password], code: 16, says: /future-0001-unknown/, why: 'a newer schema' },
    {
      args: ['--database', to('development'), ...password],
      code: 13,
      says: /a development version of Acrux, before the first release/,
      why: 'the schema of a development version',
    },
    {
      args: ['--database', `postgres://acrux@127.0.0.1:${await freePort()}/acrux`, ...password],
      code: 18,
      says: /connection was refused/,
      why: 'no server',
    },
  ])
  assert.equal(
    newer.query(`select count(*) from pg_tables where schemaname = 'public'`),
    '5',
    'no table of a module is new',
  )
})

test('the password of the database comes from a file or a command, which are asked again for new connections', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const { url } = postgres.createDatabase('acrux')
  await started(['--database', url, '--database-password-command', `cat '${postgres.passwordFile}'`])
  using place = await freePlace()
  const config = join(place.dataDir, '..', 'acrux.yaml')
  writeFileSync(config, `database:\n  url: ${url}\n  passwordFile: ${postgres.passwordFile}\n  maxReadConnections: 1\n`)
  // The command above has created the database with its own master key.
  const { url: second } = postgres.createDatabase('second')
  writeFileSync(config, readFileSync(config, 'utf8').replace(url, second))
  await using server = await startAcrux([...place.args, '--config', config])
  assert.match(server.stdout(), /ready at/)
})

/** Makes a certificate for 127.0.0.1, with an authority of its own. */
async function certificates(
  dir: string,
  name: string,
): Promise<{ readonly ca: string; readonly cert: string; readonly key: string }> {
  const at = (file: string): string => join(dir, `${name}-${file}`)
  const openssl = (...args: string[]) => mustRun('openssl', args, { env: { PATH: process.env['PATH'] ?? '' } })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
  )
  await openssl('req', ...newKey, '-subj', '/CN=database', '-keyout', at('key.pem'), '-out', at('csr.pem'))
  writeFileSync(at('extensions'), 'subjectAltName=IP:127.0.0.1\n')
  const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('extensions')]
  await openssl('x509', '-req', '-in', at('csr.pem'), ...signer, '-days', '2', '-out', at('cert.pem'))
  return { ca: at('ca.pem'), cert: readFileSync(at('cert.pem'), 'utf8'), key: readFileSync(at('key.pem'), 'utf8') }
}

test('connections with TLS verify the certificate by the configured authority', async (t: TestContext) => {
  if (!requirePostgres(t)) return
  using dir = tempDir('database-certificates')
  const own = await certificates(dir.path, 'own')
  const foreign = await certificates(dir.path, 'foreign')
  const settings = { ssl: 'on', ssl_cert_file: 'server.pem', ssl_key_file: 'server.key' }
  const files = { 'server.pem': own.cert, 'server.key': own.key }
  await using postgres = await startTestPostgres({ settings, files })
  const database = postgres.createDatabase('acrux')
  const password = ['--database-password-file', postgres.passwordFile]
  const secure = ['--database', `${database.url}?sslmode=verify-full`, ...password]
  const otherHost = secure.map((argument) => argument.replace('127.0.0.1', 'localhost'))
  await assertAllFail([
    { args: secure, code: 18, says: /certificate|issuer/, why: 'an authority that nobody trusts' },
    { args: [...secure, '--database-ca-file', foreign.ca], code: 18, says: /certificate/, why: 'another authority' },
    {
      args: [...otherHost, '--database-ca-file', own.ca],
      code: 18,
      says: /localhost/,
      why: 'a certificate of another host',
    },
  ])
  using place = await freePlace()
  await using server = await startAcrux([...place.args, ...secure, '--database-ca-file', own.ca])
  const plain = database.query(
    `select count(*) from pg_stat_activity join pg_stat_ssl using (pid) where application_name = 'acrux' and not ssl`,
  )
  assert.equal(plain, '0', 'every connection uses TLS')
  server.signal('SIGTERM')
  assert.equal((await server.ended).code, 0)
})

/** The certificate authority, the tenant and its keys that a server publishes. */
async function identityOf(dir: string, port: number, caFile: string): Promise<readonly string[]> {
  const get = async (path: string): Promise<string> => {
    const answer = await request({
      url: `https://localhost:${port}${path}`,
      headers: { host: 'localhost:5443' },
      caFile,
    })
    assert.equal(answer.status, 200, `${dir}: ${path}`)
    return answer.body.toString()
  }
  return [
    await get('/ca.pem'),
    await get('/common/v2.0/.well-known/openid-configuration'),
    await get('/common/discovery/v2.0/keys'),
  ]
}

/** Waits until all servers publish the same identity. Just after the start, one of them may still create a signing key. */
async function assertSameIdentity(dirs: readonly string[], ports: ReadonlyMap<string, number>): Promise<void> {
  const caFile = join(dirs[0] ?? '', 'tls', 'ca.pem')
  await until('the servers have one identity', async () => {
    const published = await Promise.all(dirs.map((dir) => identityOf(dir, ports.get(dir) ?? 0, caFile)))
    return published.every((identity) => isDeepStrictEqual(identity, published[0]))
  })
}

/** Creates three data directories, whose blobs may be in one directory. */
function createDataDirs(root: string, hasBlobs: boolean): string[] {
  const blobs = join(root, 'blobs')
  mkdirSync(blobs, { mode: 0o700 })
  return ['a', 'b', 'c'].map((name) => {
    const dir = join(root, name)
    mkdirSync(dir, { mode: 0o700 })
    if (hasBlobs) symlinkSync(blobs, join(dir, 'blobs'))
    return dir
  })
}

async function endAll(starts: readonly PromiseSettledResult<Started>[]): Promise<void> {
  for (const start of starts) if (start.status === 'fulfilled') await start.value[Symbol.asyncDispose]()
}

function useBlobsOf(creator: string, dir: string): void {
  rmSync(join(dir, 'blobs'), { recursive: true, force: true })
  symlinkSync(join(creator, 'blobs'), join(dir, 'blobs'))
}

/** What several servers on one database have in common, and what those that do not create it say. */
const together = [
  { what: 'nothing', hasKey: false, hasBlobs: false, rejection: /master key .* is missing/ },
  { what: 'a master key', hasKey: true, hasBlobs: false, rejection: /are not in the directory/ },
  { what: 'a master key and the directory of the blobs', hasKey: true, hasBlobs: true, rejection: undefined },
] as const

for (const { what, hasKey, hasBlobs, rejection } of together) {
  test(`of several servers that start together on an empty database, one creates it; they have in common: ${what}`, async (t) => {
    if (!requirePostgres(t)) return
    await using postgres = await startTestPostgres()
    const database = postgres.createDatabase('acrux')
    using root = tempDir('replicas')
    const key = join(root.path, 'key')
    writeFileSync(key, randomBytes(32), { mode: 0o600 })
    const dirs = createDataDirs(root.path, hasBlobs)
    const ports = new Map<string, number>()
    const startIn = async (dir: string, masterKey: readonly string[]): Promise<Started> => {
      const port = await freePort()
      ports.set(dir, port)
      const listen = ['--listen', `127.0.0.1:${port}`, '--public-host', 'localhost:5443']
      return startAcrux(['--data-dir', dir, ...listen, ...database.args, ...masterKey])
    }
    const own = hasKey ? ['--master-key', `file:${key}`] : []
    const starts = await Promise.allSettled(dirs.map((dir) => startIn(dir, own)))
    try {
      for (const start of starts)
        if (start.status === 'rejected') assert.match(String(start.reason), rejection ?? /never/)
      if (rejection === undefined) await assertSameIdentity(dirs, ports)
    } finally {
      await endAll(starts)
    }
    const started = dirs.filter((_, index) => starts[index]?.status === 'fulfilled')
    assert.equal(started.length, rejection === undefined ? dirs.length : 1)
    const [creator = '', ...more] = dirs.filter((dir) => existsSync(join(dir, 'first-run.json')))
    assert.ok(started.includes(creator) && more.length === 0, 'one server has the first credentials')
    assert.equal(database.query('select count(*) from subscription'), '1')
    if (rejection === undefined) return
    const others = dirs.filter((dir) => dir !== creator)
    for (const dir of others) useBlobsOf(creator, dir)
    const keyOfCreator = hasKey ? own : ['--master-key', `file:${join(creator, 'master.key')}`]
    const replicas = await Promise.all(others.map((dir) => startIn(dir, keyOfCreator)))
    for (const replica of replicas) await replica[Symbol.asyncDispose]()
  })
}
