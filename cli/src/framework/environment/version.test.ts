import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { version } from './version.ts'

test('the version is that of the packages, which are built from the root of the repository', () => {
  const root = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')
  assert.equal(version, (JSON.parse(root) as { readonly version: string }).version)
})
