import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TestContext, describe, test } from 'node:test'
import { InvalidArchiveError, extractTar } from './tar-reader.ts'
import { checksumOf, tarOf } from './tar-writer.ts'

const limits = { maxBytes: 10_000_000, maxEntries: 100 }

function folder(t: TestContext): string {
  const created = mkdtempSync(path.join(tmpdir(), 'acrux-tar-'))
  t.after(() => rmSync(created, { recursive: true }))
  return created
}

/** In pieces that fit no block. */
async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 700) yield bytes.subarray(start, start + 700)
}

const long = `${'d'.repeat(60)}/${'e'.repeat(60)}/${'f'.repeat(64)}`

/** Files of several sizes, an empty one and one with a long path among them. */
const files: Readonly<Record<string, Buffer>> = {
  'a.txt': Buffer.from('a'),
  empty: Buffer.alloc(0),
  'folder/block': Buffer.alloc(512, 'b'),
  'folder/large': Buffer.alloc(200_001, 'l'),
  [long]: Buffer.from('long'),
}

function write(root: string): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true })
    writeFileSync(path.join(root, name), content)
  }
}

function assertFiles(root: string): void {
  for (const [name, content] of Object.entries(files)) assert.deepEqual(readFileSync(path.join(root, name)), content)
}

describe('a tar archive', () => {
  test('has the files of a folder, for this reader and for tar', async (t) => {
    const [from, to, other] = [folder(t), folder(t), folder(t)]
    write(from)
    const archive = await buffer(tarOf(from))
    assert.deepEqual(await buffer(tarOf(from)), archive, 'the same files give the same bytes')
    await extractTar(piecesOf(archive), to, limits)
    assertFiles(to)
    execFileSync('tar', ['-xf', '-', '-C', other], { input: archive })
    assertFiles(other)
  })

  test('of tar is read, with its folders and padding', async (t) => {
    const [from, to] = [folder(t), folder(t)]
    write(from)
    await extractTar(piecesOf(execFileSync('tar', ['-cf', '-', '--format=ustar', '-C', from, '.'])), to, limits)
    assertFiles(to)
  })
})

/** One entry without content, with a valid checksum. */
function entry(name: string, { type = '0', size = 0 } = {}): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write(type, 156)
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

const end = Buffer.alloc(1024)

const invalid: readonly { what: string; bytes: Buffer; says: RegExp }[] = [
  { what: 'nothing', bytes: Buffer.alloc(0), says: /incomplete/ },
  { what: 'something else', bytes: Buffer.alloc(1024, 'x'), says: /not a tar archive/ },
  { what: 'a path out of the folder', bytes: Buffer.concat([entry('../x'), end]), says: /path/ },
  { what: 'such a path in the middle', bytes: Buffer.concat([entry('a/../../x'), end]), says: /path/ },
  { what: 'an absolute path', bytes: Buffer.concat([entry('/x'), end]), says: /path/ },
  { what: 'a backslash', bytes: Buffer.concat([entry('..\\x'), end]), says: /path/ },
  {
    what: 'a symbolic link',
    bytes: Buffer.concat([entry('x', { type: '2' }), end]),
    says: /neither a file nor a folder/,
  },
  { what: 'a device', bytes: Buffer.concat([entry('x', { type: '3' }), end]), says: /neither a file nor a folder/ },
  { what: 'a path twice', bytes: Buffer.concat([entry('x'), entry('x'), end]), says: /twice/ },
  { what: 'a folder in place of a file', bytes: Buffer.concat([entry('x'), entry('x/y'), end]), says: /twice/ },
  { what: 'a file that ends early', bytes: Buffer.concat([entry('x', { size: 5000 }), end]), says: /incomplete/ },
  { what: 'no end', bytes: entry('x'), says: /incomplete/ },
  {
    what: 'too many entries',
    bytes: Buffer.concat(
      Array(101)
        .fill(0)
        .map((_, i) => entry(`f${i}`)),
    ),
    says: /more than/,
  },
  { what: 'too many bytes', bytes: Buffer.concat([end, Buffer.alloc(limits.maxBytes)]), says: /large/ },
]

for (const { what, bytes, says } of invalid) {
  test(`an archive with ${what} is rejected`, async (t) => {
    const parent = folder(t)
    const to = path.join(parent, 'to')
    mkdirSync(to)
    await assert.rejects(extractTar(piecesOf(bytes), to, limits), (error) => {
      assert.ok(error instanceof InvalidArchiveError)
      assert.match(error.message, says)
      return true
    })
    assert.deepEqual(readdirSync(parent), ['to'])
    assert.ok(!existsSync('/x'))
  })
}
