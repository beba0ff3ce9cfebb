import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMatch, parseImagePattern, parsePulledImage } from './image-pattern.ts'

test('a pattern matches the images of its hosts, port and path, and no others', () => {
  // prettier-ignore
  const cases: readonly [pattern: string, image: string, matches: boolean, why: string][] = [
    ['registry.example.com',      'registry.example.com/team/app:1',        true,  'the same host'],
    ['Registry.Example.com',      'registry.example.com/team/app',          true,  'hosts have no case'],
    ['registry.example.com',      'registry.example.com.evil.test/app',     false, 'a longer host'],
    ['registry.example.com',      'evil-registry.example.com/app',          false, 'another label'],
    ['registry.example.com',      'registry.example.com:8443/app',          false, 'another port'],
    ['registry.example.com:8443', 'registry.example.com:8443/app@sha256:0', true,  'the same port'],
    ['registry.example.com:8443', 'registry.example.com/app',               false, 'no port'],
    ['*.example.com',             'team.example.com/app',                   true,  'one label'],
    ['*.example.com',             'a.b.example.com/app',                    false, 'a * stands for one label'],
    ['*.example.com',             'example.com/app',                        false, 'no label'],
    ['team-*.example.com',        'team-a.example.com/app',                 true,  'a part of a label'],
    ['registry.example.com/team', 'registry.example.com/team/app',          true,  'below the path'],
    ['registry.example.com/team', 'registry.example.com/team:1',            true,  'the path itself'],
    ['registry.example.com/team', 'registry.example.com/teams/app',         false, 'a longer first part'],
    ['localhost:5443',            'localhost:5443/app',                     true,  'a host without a dot'],
  ]
  for (const [pattern, image, expected, why] of cases) {
    const parsed = parsePulledImage(image)
    assert.ok(parsed !== undefined, image)
    assert.equal(isMatch(parseImagePattern(pattern), parsed), expected, `${pattern} ${image}: ${why}`)
  }
})

test('a pattern without a host, or with a wildcard for a domain, is refused', () => {
  for (const text of [
    '',
    '*',
    '*.com',
    'registry.*.com',
    'registry.example.*',
    'https://registry.example.com',
    'a..b.com',
  ])
    assert.throws(() => parseImagePattern(text), /is not a host of a registry/, text)
})

test('an image without a host belongs to no registry', () => {
  for (const image of ['app', 'team/app:1', '*.example.com/app', 'registry.example.com', 'registry.example.com/'])
    assert.equal(parsePulledImage(image), undefined, image)
  assert.deepEqual(parsePulledImage('registry.example.com:8443/team/app:1@sha256:0'), {
    loginServer: 'registry.example.com:8443',
    repository: 'team/app',
  })
})
