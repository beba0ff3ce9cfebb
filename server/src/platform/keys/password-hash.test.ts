import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { hashPassword, maxPasswordBytes, verifyPassword } from './password-hash.ts'
import { leastMilliseconds } from '../../../testing/platform/test-patience.ts'

describe("a user's password", () => {
  test('a password is stored as an argon2id PHC string with a random salt, and verified with this salt', async () => {
    const [first, second] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')])
    assert.match(first, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    assert.notEqual(first, second)
    assert.equal(await verifyPassword('correct horse', first), true)
    assert.equal(await verifyPassword('correct horse', second), true)
    assert.equal(await verifyPassword('Correct horse', first), false)
    assert.equal(await verifyPassword('', first), false)
  })

  test('a password is verified with the parameters in its hash', async () => {
    // The hash comes from the command-line tool of the reference implementation: echo -n password | argon2 somesalt -id
    // -t 2 -m 16 -p 1
    const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    assert.equal(await verifyPassword('password', reference), true)
    assert.equal(await verifyPassword('passwort', reference), false)
  })

  test('a password matches for every Unicode composition of its accents', async () => {
    const hash = await hashPassword('caf\u00e9')
    assert.equal(await verifyPassword('cafe\u0301', hash), true)
  })

  test('a password of a user that does not exist is rejected after the same time as a wrong password', async () => {
    const hash = await hashPassword('right')
    const { known, unknown } = await leastMilliseconds(5, {
      known: () => verifyPassword('wrong', hash),
      unknown: () => verifyPassword('wrong', undefined),
    })
    assert.ok(unknown > known / 4, `${unknown} ms for an unknown user, ${known} ms for a known one`)
    assert.equal(await verifyPassword('wrong', undefined), false)
  })

  test('a password has a maximum length, and a malformed hash causes an error', async () => {
    await assert.rejects(hashPassword('x'.repeat(maxPasswordBytes + 1)), RangeError)
    await assert.rejects(hashPassword(''), RangeError)
    assert.equal(await verifyPassword('x'.repeat(maxPasswordBytes + 1), await hashPassword('x')), false)
    await assert.rejects(verifyPassword('x', '$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAA'), /malformed/)
    await assert.rejects(verifyPassword('x', ''), /malformed/)
  })

  test('a password is verified correctly while many users sign in', async () => {
    const hash = await hashPassword('p7')
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => verifyPassword(`p${index}`, hash)))
    assert.deepEqual(
      answers,
      Array.from({ length: 10 }, (_, index) => index === 7),
    )
  })
  test(
    'a password hash runs at a low priority, and other work does not',
    { skip: process.platform !== 'linux' },
    async () => {
      const priority = (task: string) => {
        const afterName = readFileSync(`/proc/self/task/${task}/stat`, 'utf8').split(') ')[1] ?? ''
        return Number(afterName.split(' ')[16])
      }
      const before = priority(String(process.pid))
      await hashPassword('a password')
      const tasks = readdirSync('/proc/self/task')
      assert.ok(tasks.some((task) => priority(task) === Math.max(before, 10)))
      assert.equal(priority(String(process.pid)), before)
      assert.ok(tasks.filter((task) => priority(task) === before).length > 4)
    },
  )
})
