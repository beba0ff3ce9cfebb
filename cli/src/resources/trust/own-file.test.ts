import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ownContent, ownershipOf, removeOwnFile, stateOf, writeOwnFile } from './own-file.ts'

const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n'

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-own-file-'))
  t.after(() => rm(directory, { recursive: true }))
  return directory
}

test('acrux recognizes its own file only while the file is unchanged', async (t) => {
  const path = join(await scratch(t), 'a', 'b', 'ca.crt')
  const file = { path, content: ownContent(certificate) }
  assert.deepEqual([await stateOf(file), await ownershipOf(path)], ['absent', 'absent'])
  await writeOwnFile(file)
  assert.deepEqual([await stateOf(file), await ownershipOf(path)], ['current', 'own'])
  assert.equal(await stateOf({ path, content: ownContent(certificate.replace('A', 'C')) }), 'outdated')
  await writeFile(path, `${await readFile(path, 'utf8')}\n`)
  assert.deepEqual([await stateOf(file), await ownershipOf(path)], ['equivalent', 'foreign'])
})

const others: readonly { text: string; state: string; why: string }[] = [
  { text: '', state: 'foreign', why: 'an empty file' },
  { text: certificate, state: 'equivalent', why: 'the same certificate, without the first line' },
  { text: certificate.replaceAll('\n', '\r\n'), state: 'equivalent', why: 'the same certificate with other line ends' },
  { text: certificate.replace('A', 'C'), state: 'foreign', why: 'another certificate' },
  { text: certificate + certificate, state: 'foreign', why: 'several certificates' },
  { text: `# Written by acrux trust.\n${certificate}`, state: 'equivalent', why: 'an imitation of the first line' },
]

for (const { text, state, why } of others) {
  test(`another program's file is ${state}: ${why}`, async (t) => {
    const path = join(await scratch(t), 'ca.crt')
    await writeFile(path, text)
    assert.equal(await stateOf({ path, content: ownContent(certificate) }), state)
    assert.equal(await ownershipOf(path), 'foreign')
  })
}

test("a removed file's directory is also removed only if the directory is empty", async (t) => {
  const directory = join(await scratch(t), 'host')
  const file = { path: join(directory, 'ca.crt'), content: ownContent(certificate) }
  await mkdir(directory)
  await writeFile(join(directory, 'other'), '')
  await writeOwnFile(file)
  await removeOwnFile(file.path, true)
  assert.deepEqual([existsSync(file.path), existsSync(directory)], [false, true])
  await rm(join(directory, 'other'))
  await writeOwnFile(file)
  await removeOwnFile(file.path, true)
  assert.equal(existsSync(directory), false)
})
