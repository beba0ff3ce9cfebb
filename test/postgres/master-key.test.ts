import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../harness/free-port.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { accessToken, basic, get, pushImage } from '../harness/registry.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { runAcrux } from '../serve/acrux.ts'

/** A program that encrypts as a key management service does, with a key that it has for itself, and notes its arguments. */
function writeKms(dir: string, name: string): { readonly source: string; readonly calls: () => string[] } {
  const [program, calls] = [join(dir, `${name}.mjs`), join(dir, `${name}.calls`)]
  writeFileSync(
    program,
    `import { appendFileSync, readFileSync } from 'node:fs'
import { createCipheriv, createDecipheriv } from 'node:crypto'
appendFileSync(${JSON.stringify(calls)}, process.argv.slice(2).join(' ') + '\\n')
const input = readFileSync(0)
const key = Buffer.from('${randomBytes(32).toString('hex')}', 'hex')
const nonce = Buffer.alloc(12)
if (process.argv[2] === 'wrap') {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  process.stdout.write(Buffer.concat([cipher.update(input), cipher.final(), cipher.getAuthTag()]))
} else {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAuthTag(input.subarray(-16))
  process.stdout.write(Buffer.concat([decipher.update(input.subarray(0, -16)), decipher.final()]))
}
`,
  )
  return {
    source: `exec:'${process.execPath}' '${program}'`,
    calls: () => readFileSync(calls, 'utf8').trim().split('\n'),
  }
}

/** Whether tokens that the server signed before are accepted, and the admin password can be shown: both need the data key. */
async function assertServes(server: RunningServer, bearer: string): Promise<void> {
  const { status } = await get(server, '/v2/team/app/manifests/1', bearer)
  assert.equal(status, 200)
  const { appId, password } = server.firstRun.servicePrincipal
  await accessToken(server, { username: appId, password }, ['repository:team/app:pull'])
}

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`the master key is rotated while the server runs, from a file to a command, on ${kind}`, async (t) => {
    if (kind === 'PostgreSQL' && !requirePostgres(t)) return
    await using postgres = kind === 'PostgreSQL' ? await startTestPostgres() : undefined
    const database = postgres?.createDatabase('acrux').args ?? []
    using files = tempDir('master-key')
    const config = join(files.path, 'acrux.yaml')
    const setKey = (source?: string): void =>
      writeFileSync(config, source === undefined ? '' : `masterKey: ${JSON.stringify(source)}\n`)
    setKey()
    await using server = await startServer({ args: [...database, '--config', config] })
    const { appId, password } = server.firstRun.servicePrincipal
    await pushImage(server, 'team/app', '1', basic(appId, password))
    const bearer = `Bearer ${await accessToken(server, { username: appId, password }, ['repository:team/app:pull'])}`
    const variables = database.flatMap((value, index) => (index % 2 === 0 ? [[value, database[index + 1] ?? '']] : []))
    const env = Object.fromEntries(
      variables.map(([flag = '', value = '']) => [`ACRUX_${flag.slice(2).replaceAll('-', '_').toUpperCase()}`, value]),
    )
    const run = async (args: readonly string[], code = 0): Promise<string> => {
      const ran = await runAcrux([...args, '--data-dir', server.dataDir, '--config', config], { env })
      assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stderr}`)
      return ran.stdout + ran.stderr
    }
    const startFails = async (why: RegExp): Promise<void> => {
      await server.stop()
      assert.match(await run(['serve', '--listen', `127.0.0.1:${await freePort()}`], 14), why)
    }

    // A new key in the file, while the server runs.
    const file = join(server.dataDir, 'master.key')
    const old = join(files.path, 'old.key')
    copyFileSync(file, old)
    await run(['master-key', 'rotate'])
    assert.notDeepEqual(readFileSync(file), readFileSync(old))
    assert.ok(!existsSync(`${file}.next`))
    await assertServes(server, bearer)
    await server.restart()
    await assertServes(server, bearer)
    assert.match(await run(['audit', 'verify']), /the audit log is intact/)
    assert.match(await run(['audit', 'list']), /master-key\.rotate/)
    setKey(`file:${old}`)
    await startFails(/old\.key is not the key of this database/)

    // From the file to a key management service: both can be used until the old one is removed.
    setKey()
    await server.restart()
    const kms = writeKms(files.path, 'kms')
    const missing = `file:${join(files.path, 'missing.key')}`
    assert.match(
      await run(['master-key', 'rotate', '--to', missing], 14),
      /does not exist\n *create the master key: .*openssl/,
    )
    await run(['master-key', 'rotate', '--to', kms.source])
    await server.restart()
    setKey(kms.source)
    await server.restart()
    await assertServes(server, bearer)
    await run(['master-key', 'remove-old'])
    assert.deepEqual([...new Set(kms.calls())].sort(), ['unwrap', 'wrap'], 'no argument but the operation')
    setKey()
    await startFails(/master\.key is not the key of this database/)
    setKey(writeKms(files.path, 'other').source)
    await startFails(/the command in masterKey exited with code 1 when the server called the command with unwrap/)
    setKey('exec:sleep 0; exit 7;')
    await startFails(/exited with code 7/)
    setKey(kms.source)
    await server.restart()
    await assertServes(server, bearer)
    assert.match(await run(['audit', 'verify']), /the audit log is intact/)
  })
}
