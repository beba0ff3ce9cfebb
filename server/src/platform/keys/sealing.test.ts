import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  hashSecret,
  newFirstPassword,
  newSecret,
  openSealer,
  SealedValueError,
  secretEquals,
  UnreadableKeyError,
} from './sealing.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'acrux-sealing-'))
})
after(() => rm(directory, { recursive: true }))

describe('the master key', () => {
  test('the master key is created once, with 32 bytes that only the user of the server may read', async () => {
    const file = join(directory, 'made', 'master.key')
    const first = await openSealer(file)
    const key = await readFile(file)
    assert.equal(key.length, 32)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    const second = await openSealer(file)
    assert.deepEqual(await readFile(file), key)
    assert.equal(second.open(first.seal('hello', 'greeting'), 'greeting').toString(), 'hello')
  })

  test('the master key differs from one installation to the next', async () => {
    const [a, b] = [join(directory, 'a.key'), join(directory, 'b.key')]
    await openSealer(a)
    await openSealer(b)
    assert.notDeepEqual(await readFile(a), await readFile(b))
  })

  test('a master key of the wrong size, readable by others, or not in a regular file is rejected and stays unchanged', async () => {
    const short = join(directory, 'short.key')
    await writeFile(short, Buffer.alloc(31), { mode: 0o600 })
    await assert.rejects(openSealer(short), /31 bytes, not 32/)
    await writeFile(short, Buffer.alloc(31).toString('base64'))
    await assert.rejects(openSealer(short), /bytes, not 32/)
    await writeFile(short, Buffer.alloc(31), { mode: 0o600 })
    assert.equal((await stat(short)).size, 31)

    const open = join(directory, 'open.key')
    await writeFile(open, Buffer.alloc(32))
    for (const mode of [0o640, 0o604, 0o620]) {
      await chmod(open, mode)
      await assert.rejects(openSealer(open), UnreadableKeyError, mode.toString(8))
    }
    await assert.rejects(openSealer(directory), UnreadableKeyError)
  })
})

describe('a sealed value', () => {
  test('a sealed value can be opened only unaltered and in its own context', async () => {
    const sealer = await openSealer(join(directory, 'values.key'))
    for (const plaintext of [Buffer.alloc(0), Buffer.from([0, 255, 7]), Buffer.alloc(10_000, 'x')]) {
      assert.deepEqual(sealer.open(sealer.seal(plaintext, 'signing-key:1'), 'signing-key:1'), plaintext)
    }
    const sealed = sealer.seal('secret', 'signing-key:1')
    assert.throws(() => sealer.open(sealed, 'signing-key:2'), SealedValueError)
    assert.throws(() => sealer.open(sealed.subarray(0, -1), 'signing-key:1'), SealedValueError)
    assert.throws(() => sealer.open(Buffer.alloc(5), 'signing-key:1'), SealedValueError)
    for (let index = 0; index < sealed.length; index += 1) {
      const altered = Buffer.from(sealed)
      altered.writeUInt8(altered.readUInt8(index) ^ 1, index)
      assert.throws(() => sealer.open(altered, 'signing-key:1'), SealedValueError, `byte ${index}`)
    }
  })

  test('a sealed value cannot be opened by another key, and two sealed values always differ', async () => {
    const [mine, theirs] = [
      await openSealer(join(directory, 'mine.key')),
      await openSealer(join(directory, 'theirs.key')),
    ]
    assert.throws(() => theirs.open(mine.seal('x', 'c'), 'c'), SealedValueError)
    assert.notDeepEqual(mine.seal('x', 'c'), mine.seal('x', 'c'))
  })
})

describe('a generated secret', () => {
  test('two generated secrets are compared completely, for any length', () => {
    const secret = newSecret()
    assert.ok(secretEquals(hashSecret(secret), hashSecret(secret)))
    assert.ok(secretEquals(secret, secret))
    assert.ok(!secretEquals(secret, secret.slice(0, -1)))
    assert.ok(!secretEquals(hashSecret(secret), hashSecret(newSecret())))
    assert.ok(!secretEquals('', 'x'))
  })

  test('a generated client secret of an application has a prefix and 256 bits of URL-safe text', () => {
    const secrets = Array.from({ length: 200 }, newSecret)
    assert.equal(new Set(secrets).size, secrets.length)
    for (const secret of secrets) assert.match(secret, /^ac~[A-Za-z0-9_-]{43}$/)
  })

  test('a generated password of a user never begins like an option of a command line', () => {
    const passwords = Array.from({ length: 400 }, newFirstPassword)
    assert.equal(new Set(passwords).size, passwords.length)
    for (const password of passwords) assert.match(password, /^P[A-Za-z0-9_-]{24}$/)
  })
})
