import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { settingsText } from './target-flags.ts'

test('the printed settings name files by their absolute paths', () => {
  const flags = { toDatabase: 'postgres://acrux@db.example.com/acrux', toDatabasePasswordFile: 'database.password' }
  const lines = ['database:', '  url: postgres://acrux@db.example.com/acrux']
  assert.equal(settingsText(flags), [...lines, `  passwordFile: ${resolve('database.password')}`].join('\n'))
})

test('a move to SQLite shows which setting to remove', () => {
  assert.equal(settingsText({ toDatabase: 'sqlite' }), '# remove the setting database')
})
