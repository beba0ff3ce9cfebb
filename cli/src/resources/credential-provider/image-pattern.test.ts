import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMatch, parsePulledImage, parseRegistry, parseSuffix } from './image-pattern.ts'

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
    ['registry.example.com/team', 'registry.example.com/team/app',          true,  'below the path'],
    ['registry.example.com/team', 'registry.example.com/team:1',            true,  'the path itself'],
    ['registry.example.com/team', 'registry.example.com/teams/app',         false, 'a longer first part'],
    ['localhost:5443',            'localhost:5443/app',                     true,  'a host without a dot'],
  ]
  for (const [pattern, image, expected, why] of cases) {
    const parsed = parsePulledImage(image)
    assert.ok(parsed !== undefined, image)
    assert.equal(isMatch(parseRegistry(pattern), parsed), expected, `${pattern} ${image}: ${why}`)
  }
})

test('the suffix of a server matches the registries of the server, and no other hosts', () => {
  // prettier-ignore
  const cases: readonly [suffix: string, image: string, matches: boolean, why: string][] = [
    ['.azurecr.example.com',      'contoso.azurecr.example.com/app',          true,  'a registry'],
    ['.Azurecr.example.com',      'contoso.azurecr.example.com/app',          true,  'hosts have no case'],
    ['.azurecr.example.com:8443', 'contoso.azurecr.example.com:8443/app',     true,  'the port of the suffix'],
    ['.azurecr.example.com',      'contoso.azurecr.example.com:8443/app',     false, 'another port'],
    ['.azurecr.example.com',      'a.contoso.azurecr.example.com/app',        false, 'more labels'],
    ['.azurecr.example.com',      'azurecr.example.com/app',                  false, 'no name'],
    ['.azurecr.example.com',      'my-app.azurecr.example.com/app',           false, 'not a name of a registry'],
    ['.azurecr.example.com',      'app.azurecr.example.com/app',              false, 'too short for a name of a registry'],
    ['.azurecr.example.com',      'contoso.azurecr.example.com.evil.test/app', false, 'a longer host'],
    ['.azurecr.example.com',      'contosoazurecr.example.com/app',           false, 'no dot'],
  ]
  for (const [suffix, image, expected, why] of cases) {
    const parsed = parsePulledImage(image)
    assert.ok(parsed !== undefined, image)
    assert.equal(isMatch(parseSuffix(suffix), parsed), expected, `${suffix} ${image}: ${why}`)
  }
})

test('a registry that is not a host, and a suffix of a top-level domain, are rejected', () => {
  for (const text of ['', '/team', 'https://registry.example.com', 'a..b.com', '.example.com'])
    assert.throws(() => parseRegistry(text), /is not a host of a registry/, text)
  for (const text of ['*', '*.com', '*.example.com', 'registry.*.com', 'registry.example.*', 'team-*.example.com/app'])
    assert.throws(() => parseRegistry(text), /contains a \*, so every host that matches would receive tokens/, text)
  for (const text of ['', '.', '.com', 'example.com', '.*.com', '.example.com/app', '..example.com'])
    assert.throws(() => parseSuffix(text), /is not the suffix of a server/, text)
})

test('an image without a host belongs to no registry', () => {
  for (const image of ['app', 'team/app:1', '*.example.com/app', 'registry.example.com', 'registry.example.com/'])
    assert.equal(parsePulledImage(image), undefined, image)
  assert.deepEqual(parsePulledImage('registry.example.com:8443/team/app:1@sha256:0'), {
    loginServer: 'registry.example.com:8443',
    repository: 'team/app',
  })
})
