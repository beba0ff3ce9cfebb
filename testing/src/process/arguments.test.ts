import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { emulatorArguments } from './arguments.ts'

test('options become arguments, and paths are relative to the working directory', () => {
  const fixed = ['emulator', '--until-stdin-closes', '--ready-file', '/r', '--listen', '127.0.0.1:0']
  assert.deepEqual(emulatorArguments({}, '/f', '/r'), fixed)
  const options = { seed: 'a.yaml', http: true, clock: new Date('2027-01-01T00:00:00Z'), realism: 'azure' } as const
  assert.deepEqual(emulatorArguments(options, '/f', '/r').slice(fixed.length), [
    '--seed',
    resolve('a.yaml'),
    '--http',
    '--clock',
    '2027-01-01T00:00:00.000Z',
    '--realism',
    'azure',
  ])
})

test('if a seed is an object, the seed is written to a file with absolute paths', () => {
  const folder = mkdtempSync(join(tmpdir(), 'acrux-arguments-'))
  try {
    const images = [{ ref: 'acrux/a:1', from: './layout' }, { ref: 'acrux/b:1' }]
    const file = emulatorArguments({ seed: { version: 1, images } }, folder, '/r').at(-1) ?? ''
    const written: unknown = JSON.parse(readFileSync(file, 'utf8'))
    assert.deepEqual(written, {
      version: 1,
      images: [{ ref: 'acrux/a:1', from: resolve('layout') }, { ref: 'acrux/b:1' }],
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
