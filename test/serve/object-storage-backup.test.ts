import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { runAcrux } from './acrux.ts'
import { type Store, stores, useStore } from './object-stores.ts'

for (const [kind, store] of Object.entries(stores)) {
  describe(`a server with blobs in ${kind}, its backups and its scrub`, { skip: store.missing }, () => testStore(store))
}

const repository = 'clients/kept'
const passphrase = 'seven words that nobody else would say'

function testStore(store: Store): void {
  const used = useStore(store, ['--workers', '1'])
  const scratch = tempDir('object-backup')
  after(() => scratch.remove())
  const passphraseFile = join(scratch.path, 'passphrase')
  const backups = join(scratch.path, 'backups')
  const large = randomBytes(12_000_000)
  const small = randomBytes(5000)
  const digests: string[] = []
  const authorization = () => {
    const { username, password } = used.under.logins['a service principal']
    return basic(username, password)
  }

  /** Writes a configuration file. */
  const configure = (name: string, dataDir: string, prefix?: string) => {
    const file = join(scratch.path, `${name}.yaml`)
    writeFileSync(file, JSON.stringify({ dataDir, storage: store.settings(used.endpoint, prefix) }), { mode: 0o600 })
    return file
  }
  const acrux = (...args: readonly string[]) => runAcrux(args, { env: store.env })
  const acruxJson = async (...args: readonly string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await acrux(...args, '--json')
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return JSON.parse(stdout)
  }

  /** Starts a server with the restored data directory, and pulls what was pushed. */
  const assertRestored = async (dataDir: string, args: readonly string[]) => {
    cpSync(join(used.under.server.dataDir, 'first-run.json'), join(dataDir, 'first-run.json'))
    await using server = await startServer({ dataDir, args: [...args], env: store.env })
    for (const [index, expected] of [large, small].entries()) {
      const pulled = await get(server, `/v2/${repository}/blobs/${digests[index]}`, authorization())
      assert.equal(pulled.status, 200, pulled.text().slice(0, 300))
      assert.equal(Buffer.compare(pulled.body, expected), 0)
    }
  }

  before(async () => {
    writeFileSync(passphraseFile, `${passphrase}\n`, { mode: 0o600 })
    const { server } = used.under
    const image = await pushImage(server, repository, { tag: '1', layers: [large, small] }, authorization())
    digests.push(...image.layers.map(({ digest }) => digest))
  })

  test('a backup copies the blobs from the store while the server runs, and the next one only the new blobs', async () => {
    const { dataDir } = used.under.server
    const config = configure('original', dataDir)
    const keys = ['--with-keys', '--passphrase-file', passphraseFile]
    const first = await acruxJson('backup', 'create', backups, '--config', config, ...keys)
    assert.deepEqual(listAt(first, 'damaged'), [])
    assert.equal(at(first, 'blobs', 'newCount'), 3)
    const second = await acruxJson('backup', 'create', backups, '--config', config, ...keys)
    assert.equal(at(second, 'blobs', 'newCount'), 0)
    assert.equal((await acrux('backup', 'verify', backups)).code, 0)
    const unknown = await acrux('backup', 'create', backups, '--data-dir', dataDir)
    assert.equal(unknown.code, 2, unknown.stderr)
    assert.match(unknown.stderr, /are in an object store/)
  })

  test('a backup is restored to an object store, and to files', async () => {
    const withKeys = ['--passphrase-file', passphraseFile]
    const inStore = join(scratch.path, 'in-store')
    const config = configure('in-store', inStore, 'restored/')
    await acruxJson('backup', 'restore', backups, '--config', config, ...withKeys)
    assert.ok(!existsSync(join(inStore, 'blobs')))
    await assertRestored(inStore, [...store.args(used.endpoint), '--storage-prefix', 'restored/'])

    const inFiles = join(scratch.path, 'in-files')
    await acruxJson('backup', 'restore', backups, '--data-dir', inFiles, ...withKeys)
    await assertRestored(inFiles, [])
  })

  test('a backup is not restored to the store of another installation', async () => {
    const dataDir = join(scratch.path, 'foreign')
    const ran = await acrux('backup', 'restore', backups, '--config', configure('foreign', dataDir), '--without-keys')
    assert.equal(ran.code, 2, ran.stderr)
    assert.match(ran.stderr, /contains the blobs of another installation/)
    await acruxJson('backup', 'restore', backups, '--data-dir', dataDir, '--without-keys')
    assert.ok(existsSync(join(dataDir, 'blobs')))
    assert.ok(!existsSync(join(dataDir, 'object-storage')), 'the data directory would still name the object store')
  })

  test('a scrub finds a corrupt and a missing blob in the store, and an object without a row', async () => {
    const { server } = used.under
    const [largeDigest = '', smallDigest = ''] = digests
    const keyOf = async (digest: string) => {
      const keys = await store.keys(used.endpoint)
      return keys.find((key) => key.startsWith('blobs/') && key.includes(digest.slice('sha256:'.length))) ?? ''
    }
    const nameOfLarge = await keyOf(largeDigest)
    await store.put(used.endpoint, await keyOf(smallDigest), Buffer.concat([small.subarray(1), Buffer.from('x')]))
    await store.delete(used.endpoint, `parts/${nameOfLarge.split('.').at(-1)}`)
    await store.put(used.endpoint, `blobs/sha256/aa/${'a'.repeat(64)}.0${'b'.repeat(23)}`, Buffer.from('stray'))
    const config = configure('original', server.dataDir)
    assert.equal((await acrux('scrub', '--config', config)).code, 12)
    await server.stop()
    const found = await acrux('scrub', '--config', config, '--json')
    assert.equal(found.code, 1, found.stderr)
    const kinds = listAt(JSON.parse(found.stdout), 'findings').map((finding) => stringAt(finding, 'kind'))
    assert.deepEqual(kinds.toSorted(), ['blob-digest', 'blob-missing', 'file-without-row'])

    assert.equal((await acrux('scrub', '--config', config, '--repair')).code, 1)

    await server.restart()
    const missing = await get(server, `/v2/${repository}/blobs/${smallDigest}`, authorization())
    assert.equal(missing.status, 404)
    await pushImage(server, repository, { tag: '1', layers: [large, small] }, authorization())
    await server.stop()
    const repaired = await acrux('scrub', '--config', config, '--json')
    const left = listAt(JSON.parse(repaired.stdout), 'findings').map((finding) => stringAt(finding, 'kind'))
    assert.deepEqual(new Set(left), new Set(left.length === 0 ? [] : ['file-without-row']), repaired.stdout)
  })
}
