import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseServer } from '../../framework/values/server-host.ts'
import { parseFingerprint } from './confirm.ts'

const servers: readonly [text: string, server: string | undefined, why: string][] = [
  ['registry.example.com', 'registry.example.com', 'a host'],
  ['Registry.Example.com:5443', 'registry.example.com:5443', 'a port, and capitals'],
  ['registry.example.com:443', 'registry.example.com', 'the default port, which image names omit'],
  ['https://registry.example.com/', 'registry.example.com', 'a URL'],
  ['[::1]:5443', '[::1]:5443', 'an IPv6 address'],
  ['http://registry.example.com', undefined, 'HTTP has no certificate'],
  ['registry.example.com/team/app', undefined, 'an image'],
  ['user@registry.example.com', undefined, 'a user'],
  ['..', undefined, 'the parent of a directory'],
  ['../../etc', undefined, 'a path'],
  ['', undefined, 'nothing'],
]

for (const [text, server, why] of servers) {
  test(`the server "${text}" is ${server ?? 'rejected'}: ${why}`, () => assert.equal(parseServer(text), server))
}

const digits = '0123456789abcdef'.repeat(4)
const pairs = (digits.toUpperCase().match(/../g) ?? []).join(':')

const fingerprints: readonly [text: string, isAccepted: boolean][] = [
  [digits, true],
  [pairs, true],
  [`sha256:${digits}`, true],
  [digits.slice(1), false],
  [`${digits}0`, false],
  [digits.replace('f', 'g'), false],
  ['', false],
]

for (const [text, isAccepted] of fingerprints) {
  test(`the fingerprint "${text}" is ${isAccepted ? 'accepted' : 'rejected'}`, () =>
    assert.equal(parseFingerprint(text), isAccepted ? pairs : undefined))
}
