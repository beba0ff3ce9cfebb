import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Holder, RotatedPassword } from './holder.ts'
import { lastUseText, oldToDelete, oldToReplace, requireKnownUses, validPasswords } from './select-old.ts'

const hourMs = 3_600_000

/** A password that was created some hours ago. */
function password(id: string, hoursAgo: number, rest: Partial<RotatedPassword> = {}): RotatedPassword {
  return { id, createdAtMs: Date.now() - hoursAgo * hourMs, expiresAtMs: undefined, lastUsedAtMs: undefined, ...rest }
}

const unused = () => assert.fail('selecting a password changes nothing')
const holder: Holder = {
  title: 'the token device',
  username: 'device',
  maxPasswords: 2,
  read: unused,
  create: unused,
  remove: unused,
  commandLine: 'rotate',
  deleteCommandLine: (id) => `delete ${id}`,
}

const [first, second, expired] = [
  password('first', 3),
  password('second', 1),
  password('gone', 5, { expiresAtMs: Date.now() - hourMs }),
]

test('the valid passwords are sorted by age, without expired passwords', () => {
  assert.deepEqual(
    validPasswords({ all: [second, expired, first] }).map(({ id }) => id),
    ['first', 'second'],
  )
})

test('the only valid password is replaced, and the user must select one of several passwords', () => {
  assert.equal(oldToReplace(holder, { all: [] }, undefined), undefined)
  assert.equal(oldToReplace(holder, { all: [first, expired] }, undefined), first)
  const three = { ...holder, maxPasswords: 3 }
  assert.throws(() => oldToReplace(three, { all: [first, second] }, undefined), {
    message: /^the token device has 2 valid passwords:\n {2}first: created 3 hours ago, not used yet\n {2}second: /,
    nextStep: 'use --key-id to select the password to replace',
  })
  assert.equal(oldToReplace(three, { all: [first, second] }, 'second'), second)
  assert.throws(() => oldToReplace(three, { all: [first, second] }, 'other'), {
    nextStep: 'the old passwords are first, second',
  })
})

test('no password is replaced if the holder has the maximum number of passwords', () => {
  assert.throws(() => oldToReplace(holder, { all: [first, second] }, 'first'), {
    nextStep:
      'delete the oldest password when no client uses the password any longer: rotate --finish, or without a check: delete first',
  })
})

test('the newest password is never deleted', () => {
  assert.equal(oldToDelete(holder, { all: [second, first] }, undefined), first)
  assert.throws(() => oldToDelete(holder, { all: [second] }, undefined), {
    message: 'the token device has no old password',
  })
  assert.throws(() => oldToDelete(holder, { all: [first, second] }, 'second'), {
    message: 'the token device has no old password second',
  })
})

test('a password with an unknown last use is not deleted without a further command', () => {
  const passwords = { all: [first], usesUnknown: 'the account may not read it' }
  assert.equal(lastUseText(passwords, first), 'last use unknown')
  assert.equal(lastUseText({}, password('a', 3, { lastUsedAtMs: Date.now() - 2 * hourMs })), 'last used 2 hours ago')
  assert.throws(() => requireKnownUses(holder, passwords, first), { nextStep: /delete first$/ })
  requireKnownUses(holder, { all: [first] }, first)
})
