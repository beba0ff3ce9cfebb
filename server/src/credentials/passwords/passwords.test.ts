import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyPassword } from '../../platform/keys/password-hash.ts'
import { BusyError } from '../../platform/limits/fair-queue.ts'
import { createStrengthEstimator } from './password-strength.ts'
import { passwordRejection, preparePassword, WeakPasswordError } from './passwords.ts'

// prettier-ignore
const cases = [
  { password: 'short-one',                       rejection: 'too-short',      why: 'nine characters' },
  { password: '🔑🔑🔑🔑🔑',                        rejection: 'too-short',      why: 'five characters, each of two code units' },
  { password: 'x9'.repeat(600),                  rejection: 'too-long',       why: 'more bytes than the maximum' },
  { password: 'carol.danvers',                   rejection: 'like-user-name', why: 'the name itself' },
  { password: 'Carol.Danvers@contoso.example',   rejection: 'like-user-name', why: 'the whole name' },
  { password: 'caroldanvers2026!',               rejection: 'like-user-name', why: 'the name and a year' },
  { password: 'Password2026!',                   rejection: 'too-common',     why: 'a common word and a year' },
  { password: 'P@ssw0rd123',                     rejection: 'too-common',     why: 'a common word in disguise' },
  { password: 'welcomewelcome',                  rejection: 'too-common',     why: 'a common word twice' },
  { password: '1q2w3e4r5t',                      rejection: 'too-common',     why: 'a row of the keyboard' },
  { password: '1234567890',                      rejection: 'too-common',     why: 'the digits in order' },
  { password: 'Acrux-emulator-owner',            rejection: 'too-common',     why: 'the public password of emulators' },
  { password: 'aaaaaaaaaaaa',                    rejection: 'too-common',     why: 'one character' },
  { password: '121212121212',                    rejection: 'too-common',     why: 'two characters' },
  { password: 'correct horse battery staple',    rejection: 'too-common',     why: 'a well-known example' },
  { password: 'tidal lantern 7 quilt',           rejection: undefined,        why: 'an unusual phrase' },
  { password: '5839201746',                      rejection: undefined,        why: 'ten random digits' },
  { password: 'ключ от старой двери',            rejection: undefined,        why: 'another script' },
] as const

for (const { password, rejection, why } of cases) {
  test(`the password ${JSON.stringify(password.slice(0, 30))} is ${rejection ?? 'accepted'}: ${why}`, () => {
    assert.equal(passwordRejection(password, 'Carol.Danvers@contoso.example'), rejection)
  })
}

test('passwords of 64 characters and more are accepted', async () => {
  const phrase = 'tidal lantern 7 quilt, copper otter under 9 marble ferns'
  for (const password of [phrase.padEnd(64, ' by noon'), `${phrase} ${phrase.toUpperCase()}`]) {
    assert.ok(Array.from(password).length >= 64, password)
    const { passwordHash } = await preparePassword({ userPrincipalName: 'carol@contoso.example', password, names: [] })
    assert.equal(await verifyPassword(password, passwordHash), true)
    assert.equal(await verifyPassword(password.slice(0, -1), passwordHash), false, 'every character counts')
  }
})

test('a weak password is not hashed, and the error does not contain it', async () => {
  await assert.rejects(
    preparePassword({ userPrincipalName: 'carol@contoso.example', password: 'Password2026!', names: [] }),
    (error: unknown) => {
      assert.ok(error instanceof WeakPasswordError)
      assert.equal(error.rejection, 'too-common')
      assert.ok(!error.message.includes('Password2026'))
      return true
    },
  )
})

const sprayed = [
  'Liverpool1!',
  'Contoso2026!',
  'Zaq12wsx!!',
  'Welcome2025!',
  'Summer2026!!',
  'Manchester1',
  'Chelsea2024!',
  'Company123!',
  'Januar2026!',
  'Fabrikam2026!',
  'Danvers2026!',
  'Registry2026!',
  'x9'.repeat(500),
]

test('passwords that attackers try first are denied, and phrases are accepted', async () => {
  const prepare = (password: string) =>
    preparePassword({ userPrincipalName: 'carol.danvers@contoso.example', password, names: ['Fabrikam Ltd'] })
  for (const password of sprayed) {
    await assert.rejects(prepare(password), (error: unknown) => {
      assert.ok(error instanceof WeakPasswordError, password)
      return true
    })
  }
  for (const password of ['tidal lantern 7 quilt', 'ключ от старой двери', 'seven brass kettles']) {
    assert.ok((await prepare(password)).passwordHash.startsWith('$argon2id$'), password)
  }
})

/** A thread that checks passwords. */
const checking = (answer: string): URL => {
  const threads = new URL('../../platform/process/worker-thread.ts', import.meta.url).href
  const source = `import { answerQuestions } from ${JSON.stringify(threads)}
answerQuestions(({ password }) => { ${answer}; return 12 })`
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

test('a password is checked however long its thread waits for a processor', async () => {
  const wait = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000)'
  const estimate = createStrengthEstimator(checking(wait), 2000)
  assert.equal(await estimate('tidal lantern 7 quilt', [], 'alex'), 12)
})

test('a check that takes too much processor time ends, and the next checks do not', async () => {
  const estimate = createStrengthEstimator(checking("while (password === 'stuck');"), 1000)
  const stuck = assert.rejects(estimate('stuck', [], 'alex'), BusyError)
  assert.equal(await estimate('tidal lantern 7 quilt', [], 'alex'), 12)
  await stuck
})

test('many checks for one account do not prevent the check for another account', async () => {
  const estimate = createStrengthEstimator(checking('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)'))
  let checkedFirst = 0
  const many = Array.from({ length: 300 }, () =>
    estimate('tidal lantern 7 quilt', [], 'alex').then(
      () => (checkedFirst += 1),
      (error: unknown) => assert.ok(error instanceof BusyError),
    ),
  )
  assert.equal(await estimate('tidal lantern 7 quilt', [], 'robin'), 12)
  assert.ok(checkedFirst < 5, `${checkedFirst} checks for the other account came first`)
  await Promise.all(many)
})

test('a password that cannot be checked is not reported as weak: the caller may try again', async () => {
  const estimate = createStrengthEstimator(new URL('data:text/javascript,process.exit()'))
  await assert.rejects(estimate('tidal lantern 7 quilt', [], 'alex'), BusyError)
})
