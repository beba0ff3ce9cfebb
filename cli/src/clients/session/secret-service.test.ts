import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openSecretService } from './secret-service.ts'

const home = mkdtempSync(join(tmpdir(), 'acrux-secret-service-'))
after(() => rmSync(home, { recursive: true }))
const kept = join(home, 'kept')
const locked = join(home, 'locked')

/** A keyring with one entry, which can be locked. */
const keyring = `#!/bin/sh
case $1 in
  get) if [ -e ${kept} ]; then cat ${kept}; else echo 'credentials not found in native keychain'; exit 1; fi ;;
  store) cat >${kept} ;;
  erase) if [ -e ${locked} ]; then echo 'the keyring is locked'; exit 1; fi; rm ${kept} ;;
esac
`
const program = join(home, 'docker-credential-secretservice')
writeFileSync(program, keyring)
chmodSync(program, 0o755)
const env = { PATH: `${home}:${process.env['PATH'] ?? ''}`, ACRUX_CONFIG_DIR: join(home, 'acrux') }

test('secrets that the Secret Service does not delete cause an error', async () => {
  const store = openSecretService(env)
  await store.change('one', () => undefined)
  await store.change('one', () => ({ clientSecret: 'hunter2' }))
  assert.deepEqual(await store.read('one'), { clientSecret: 'hunter2' })
  writeFileSync(locked, '')
  await assert.rejects(
    store.change('one', () => undefined),
    /did not delete the secrets: the keyring is locked/,
  )
  rmSync(locked)
  await store.change('one', () => undefined)
  assert.equal(existsSync(kept), false)
})
