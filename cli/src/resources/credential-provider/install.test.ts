import assert from 'node:assert/strict'
import { lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { installFile, installProgram } from './install.ts'

const home = mkdtempSync(join(tmpdir(), 'acrux-install-'))
after(() => rmSync(home, { recursive: true }))
const from = join(home, 'settings.yaml')
writeFileSync(from, 'new', { mode: 0o644 })

/** A folder with symbolic links, named like the installed and the temporary files, to another user's file. */
function folderWithLinks(name: string): { readonly folder: string; readonly other: string } {
  const folder = mkdtempSync(join(home, 'node-'))
  const other = join(folder, 'other')
  writeFileSync(other, 'other')
  for (const each of [name, `${name}.new`]) symlinkSync(other, join(folder, each))
  return { folder, other }
}

test('an installed file belongs only to its owner, and a link cannot redirect the file', async () => {
  const { folder, other } = folderWithLinks('settings.yaml')
  await installFile(from, folder)
  const stats = lstatSync(join(folder, 'settings.yaml'))
  assert.ok(stats.isFile())
  assert.equal(stats.mode & 0o777, 0o600)
  assert.equal(readFileSync(join(folder, 'settings.yaml'), 'utf8'), 'new')
  assert.equal(readFileSync(other, 'utf8'), 'other')
})

test('all users can run the installed program, and a link cannot redirect the program', async () => {
  const { folder, other } = folderWithLinks('program')
  await installProgram(from, join(folder, 'program'))
  const stats = lstatSync(join(folder, 'program'))
  assert.ok(stats.isFile())
  assert.equal(stats.mode & 0o777, 0o755)
  assert.equal(readFileSync(other, 'utf8'), 'other')
  assert.deepEqual(readdirSync(folder).sort(), ['other', 'program'])
})
