import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { tempDir } from '../harness/temp-dir.ts'
import { costOf } from './durations.ts'
import { groupFiles } from './groups.ts'
import { filesOf } from './tiers.ts'

test('Every file beside the code runs in exactly one process, and the processes take about the same time', () => {
  using folder = tempDir('groups')
  const { groups, slowGroups, alone } = groupFiles(filesOf('beside'), folder.path)
  const shared = [...groups.values(), ...slowGroups.values()]
  assert.deepEqual([...shared.flat(), ...alone].sort(), filesOf('beside'))
  for (const files of shared) {
    const seconds = files.reduce((sum, file) => sum + costOf(file), 0)
    assert.ok(files.length === 1 || seconds <= 12, `${seconds} seconds: ${files.join(', ')}`)
  }
  for (const [path, files] of groups) {
    const text = readFileSync(path, 'utf8')
    for (const file of files) assert.ok(text.includes(`/${file}'`), file)
  }
})

test('Black-box files run in processes of their own', () => {
  using folder = tempDir('groups')
  const files = ['test/serve/log.test.ts', 'test/rights/groups.test.ts']
  assert.deepEqual(groupFiles(files, folder.path).alone, files)
})
