import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { shellWord } from './shell-word.ts'

// prettier-ignore
const texts = ['plain/path-1.txt:80', '', 'a b', "it's", '$HOME', '`id`', '"', '\\', 'a\nb', '~', '*', '=x', 'ä']

test('a shell reads the word as the text', () => {
  for (const text of texts) {
    assert.equal(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' }), text)
  }
})

test('a word without special characters is not quoted', () => {
  assert.equal(shellWord('/etc/docker/certs.d/localhost:5443/ca.crt'), '/etc/docker/certs.d/localhost:5443/ca.crt')
})
